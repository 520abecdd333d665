/** Which of the workflows' code a replay does not come by. It runs the bundle in this very process, where V8 counts. */
import { readFileSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { pathToFileURL } from 'node:url';

/** `<file>: <line>` for each stretch of code that did not run: the line of `workflows/<file>` that it begins in. */
export async function stretchesNotRun(codePath: string, replay: () => Promise<void>): Promise<string[]> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  await replay();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  const url = pathToFileURL(codePath).href;
  const functions = result.filter((script) => script.url === url).flatMap((script) => script.functions);
  const code = readFileSync(codePath, 'utf8');
  const sourceAt = openSources(code);
  return [...new Set(begins(code, functions).flatMap((offset) => sourceAt(offset) ?? []))];
}

/** Offsets in the bundle where stretches begin that did not run. */
function begins(code: string, functions: Profiler.FunctionCoverage[]): number[] {
  const counts = new Int32Array(code.length).fill(1);
  // The inner ranges come after those around them.
  for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges)) {
    counts.fill(count, startOffset, endOffset);
  }
  const found: number[] = [];
  for (let start = counts.indexOf(0), end = 0; start >= 0; start = counts.indexOf(0, end)) {
    end = start;
    while (counts[end] === 0) end += 1;
    // Behind a `throw` or a `return` nothing but closing brackets is left.
    const at = code.slice(start, end).search(/[^\s})\];]/);
    if (at >= 0) found.push(start + at);
  }
  return found;
}

function openSources(code: string): (offset: number) => string | null {
  const [, inline = ''] = /sourceMappingURL=data:[^,]*,([\w+/=]+)/.exec(code) ?? [];
  const map = new SourceMap(JSON.parse(Buffer.from(inline, 'base64').toString()) as SourceMapPayload);
  const lineStarts = [0, ...[...code.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    const line = lineStarts.findLastIndex((start) => start <= offset);
    const entry = map.findEntry(line, offset - (lineStarts[line] ?? 0));
    // What the bundler has added is mapped to what stands before it.
    if (!('originalSource' in entry) || entry.generatedLine !== line) return null;
    const { originalSource, originalLine } = entry;
    const file = /\/workflows\/([\w-]+\.ts)$/.exec(originalSource)?.[1];
    return file ? `${file}: ${readFileSync(originalSource, 'utf8').split('\n')[originalLine]?.trim()}` : null;
  };
}
