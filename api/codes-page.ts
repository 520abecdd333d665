/** `docs/codes.md`: every code there is, from where it is defined. */
import { ENDS, ENDS_HEAD } from '../domain/codes/ends.ts';
import { FAILURE_TEXTS } from '../domain/codes/failures.ts';
import { REFUSAL_TEXTS } from '../domain/codes/refusals.ts';
import type { CodeText } from '../domain/codes/text.ts';
import { ERROR_KINDS } from '../domain/errors.ts';
import { FAILURE_CLASSES } from '../domain/failures.ts';
import { statusOfKind } from './problem.ts';

const INTRODUCTION = `# Codes

Two lists, both stable: a code keeps its meaning, sentences may change.

- A **refusal** is the answer to a call. Nothing was started and nothing was changed. It is an \`application/problem+json\`
  document with \`code\`, \`detail\`, \`traceId\` and, for wrong input, \`errors\` (\`pointer\` and \`message\` each). The codes are
  in \`domain/errors.ts\`, their statuses in \`api/problem.ts\`. gRPC carries the same code in the trailer
  \`slipway-error-code\`.
- A **failure** is why an accepted operation ended badly. It is on the operation, on its deployment (and the component
  it happened in) or its environment as \`failure\`, in the event that ends it, and it is the \`ApplicationFailure\` that
  Temporal shows: its \`type\` is the code, its details are the whole of it. The codes are in \`domain/failures.ts\`, what is
  tried again in \`activities/failures.ts\`.

## Refusals`;

const FAILURES = `## Failures of operations

The class says what happens next. **release**: trying again does not help; a deployment that has begun to change
something goes back to the previous snapshot (with \`autoRollback: false\` it stays as it stands). **platform**: tried
again, at least every 10 s, until the forward part of the deadline is over; meanwhile the operation says
\`waitingOn: {kind: platform, reference: <code>}\`. **ours**: the operation was ended, or taken
over, by somebody else; or it is a defect of the platform.`;

const TOLD = `## What a failure tells

Beside \`code\` and \`message\`:

- \`traceId\`: of the call that asked for the operation.
- \`serviceId\`: the component it happened in. A provision, a scan and what somebody ended have none.
- \`evidence\` and \`probes\`: what the probe saw, and the last looks at that replica (when, what, how long it took). After a
  deadline they are what it still waited for.
- \`exitCode\` or \`exitSignal\`: how that replica's process ended last, if it did.
- \`lastLogLines\`: at most 20 lines of at most 500 characters, the workload's or, of a stack, the engine's.
- \`heldBy\`: what it waited for when it ended: the code of what a part of the platform failed of (the message says the
  rest), the id of an approval or of the operation before it, or a command. While an operation still waits for a part of the
  platform, \`waitingOn.failure\` is what that failed of last.
- \`leftovers\`: what is still there of an environment that was to be taken away.

Values of secrets that the workload was given are in none of it, nor is what looks like a credential. Where a value cannot
be read to take it out, the text is not told.`;

export function renderCodes(): string {
  const refusals = rowsOf(REFUSAL_TEXTS, (code) => String(statusOfKind(ERROR_KINDS[code])));
  const failures = rowsOf(FAILURE_TEXTS, (code) => FAILURE_CLASSES[code]);
  const head = (second: string) => ['code', second, 'meaning', 'what to do'];
  const codes = [INTRODUCTION, table(head('status'), refusals), FAILURES, table(head('class'), failures)];
  const parts = [...codes, TOLD, table(ENDS_HEAD, ENDS)];
  return `${parts.join('\n\n')}\n`;
}

function rowsOf<C extends string>(texts: Record<C, CodeText>, second: (code: C) => string): string[][] {
  const codes = Object.keys(texts) as C[];
  return codes.map((code) => [`\`${code}\``, second(code), texts[code].means, texts[code].whatToDo]);
}

/** Aligned, as the formatter leaves it. */
function table(head: string[], rows: string[][]): string {
  const cells = [head, ...rows.map((row) => row.map(escaped))];
  const widths = head.map((_title, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [titles = [], ...body] = cells;
  return [line(titles), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

const escaped = (text: string) => text.replaceAll('|', '\\|');
