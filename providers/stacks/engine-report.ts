// What the engine tells, in our words: progress sentences, planned changes, and why it failed, with nothing secret in it.
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { tellable, tellableLines, withoutValues } from '../../domain/tellable.ts';
import type { StackPreview } from './port.ts';

const DONE: Record<string, string> = {
  create: 'created',
  update: 'updated',
  delete: 'deleted',
  replace: 'replaced',
  'create-replacement': 'created anew',
  'delete-replaced': 'deleted the old',
};

/** `created slipway:local:Folder workspace` for a finished step on a resource of ours, else null. */
export function progressOf(event: EngineEvent): string | null {
  const { metadata } = event.resOutputsEvent ?? {};
  const done = metadata && !isEnginesOwn(metadata.type) ? DONE[metadata.op] : undefined;
  return metadata && done ? `${done} ${metadata.type} ${metadata.urn.split('::').at(-1)}` : null;
}

/** The step a preview plans with a resource of ours, or null when it leaves it as it is. */
export function changeOf(event: EngineEvent): StackPreview['changes'][number] | null {
  const { metadata } = event.resourcePreEvent ?? {};
  if (!metadata || isEnginesOwn(metadata.type) || !(metadata.op in DONE)) return null;
  return { urn: metadata.urn, type: metadata.type, operation: metadata.op };
}

/** The text of an error that the engine reports about a resource or itself, else null. */
export function errorOf(event: EngineEvent): string | null {
  const { diagnosticEvent } = event;
  return diagnosticEvent?.severity === 'error' ? plain(diagnosticEvent.message) : null;
}

/**
 * What went wrong: the first meaningful sentences, and the lines of all of them.
 * @param diagnostics what `errorOf` collected; they say more than the engine's closing words.
 * @param secrets values that must not be in it, wherever they came from.
 */
export function whatWentWrong(
  diagnostics: readonly string[],
  thrown: unknown,
  secrets: readonly string[],
): { sentence: string; lines: string[] } {
  const said = diagnostics.filter((text) => text !== '' && !/^(update|destroy|refresh|preview) failed$/.test(text));
  const spoken = [...new Set(said.length > 0 ? said : errorLines(thrown))].map((text) => withoutValues(text, secrets));
  const sentence = spoken.slice(0, 3).join('; ') || 'the engine failed and said no reason';
  return { sentence: tellable(sentence, 600), lines: tellableLines(spoken.flatMap((text) => text.split('\n'))) };
}

function errorLines(thrown: unknown): string[] {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const lines = plain(text).split('\n');
  return lines.flatMap((line) => /^\s*(?:stderr: )?(?:error|slipway): (.*)$/.exec(line)?.[1] ?? []);
}

function plain(text: string): string {
  return text.replace(/<\{%[^%]*%\}>|\u001b\[[0-9;]*m/g, '').trim();
}

function isEnginesOwn(type: string): boolean {
  return type.startsWith('pulumi:');
}
