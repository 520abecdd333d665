/** What was asked and answered in a run of schemathesis, from the report that it writes line by line. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Contract } from '../_support/contract.ts';

export interface Answers {
  requests: number;
  /** Status -> how often; `none` is a call that got no answer. */
  statuses: Record<string, number>;
  /** Answers that are not those of the document, as the API's own tests judge it: lines and events included. */
  mismatches: string[];
}

interface Interaction {
  request: { method: string; uri: string };
  response: { status_code: number; headers: Record<string, string[]>; content?: { $base64: string } | null } | null;
}

interface ReportLine {
  ScenarioFinished?: { recorder: { interactions?: Record<string, Interaction> } };
}

export async function readAnswers(file: string, { checkAnswer }: Contract): Promise<Answers> {
  const answers: Answers = { requests: 0, statuses: {}, mismatches: [] };
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const { ScenarioFinished: scenario } = JSON.parse(line) as ReportLine;
    for (const { request, response } of Object.values(scenario?.recorder.interactions ?? {})) {
      const status = String(response?.status_code ?? 'none');
      answers.requests += 1;
      answers.statuses[status] = (answers.statuses[status] ?? 0) + 1;
      if (!response) continue;
      const { pathname, search } = new URL(request.uri);
      try {
        checkAnswer({
          method: request.method,
          path: pathname + search,
          status: response.status_code,
          headers: new Headers(Object.entries(response.headers).map(([name, all]) => [name, all.join(', ')])),
          text: Buffer.from(response.content?.$base64 ?? '', 'base64').toString('utf8'),
        });
      } catch (error) {
        answers.mismatches.push((error as Error).message);
      }
    }
  }
  return answers;
}

/** The sum of some. */
export function sumOf(all: Answers[]): Answers {
  const statuses: Record<string, number> = {};
  for (const [status, count] of all.flatMap((one) => Object.entries(one.statuses))) {
    statuses[status] = (statuses[status] ?? 0) + count;
  }
  return {
    requests: all.reduce((sum, { requests }) => sum + requests, 0),
    statuses,
    mismatches: all.flatMap(({ mismatches }) => mismatches),
  };
}
