/** Lines that come in, each judged and run by itself: a bad one is answered as such and does not spoil the others. */
import type { PlatformError } from '../domain/errors.ts';
import type { Caller } from './caller.ts';
import type { ApiDeps } from './deps.ts';
import type { FeedEndpoint } from './endpoint.ts';
import { parseJson } from './json.ts';
import { parseInput } from './parse.ts';
import { refusalOf } from './refusal.ts';
import type { LineRefusal } from './shapes/line.ts';
import { checkStatedTenant } from './tenant-guard.ts';

/** A line of the body, its value where the transport has read it already, or what is wrong with it before that. */
export type Line = { number: number } & ({ bytes: Uint8Array } | { value: unknown } | { error: PlatformError });

/** The acknowledgment of each line, in their order; the next line is taken when its reader is ready for another one. */
export async function* acknowledge(
  deps: ApiDeps,
  endpoint: FeedEndpoint,
  caller: Caller,
  lines: AsyncIterable<Line>,
): AsyncGenerator<unknown> {
  for await (const line of lines) {
    try {
      if ('error' in line) throw line.error;
      const { body } = parseInput(
        { input: { body: endpoint.line } },
        { params: {}, query: {}, body: 'value' in line ? line.value : parseJson(line.bytes) },
      ) as { body: { tenantId?: unknown } };
      checkStatedTenant(caller, body.tenantId);
      yield { line: line.number, ...(await endpoint.run(deps, caller, body)) };
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.kind === 'internal') deps.log.error({ traceId: caller.traceId, err: refusal.cause }, 'a line failed');
      yield { line: line.number, ...refusedLine(refusal) };
    }
  }
}

function refusedLine({ code, publicMessage, pointers }: PlatformError): Omit<LineRefusal, 'line'> {
  return { status: 'Refused', code, detail: publicMessage, ...(pointers.length > 0 && { errors: pointers }) };
}
