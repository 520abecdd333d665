/**
 * A decider in another process, asked over HTTP. Whatever is not one clean answer in time (an error, a redirect, a body
 * too large, one of another form, one about another plan) is no decision, so the change is refused.
 */
import { z } from 'zod';
import { PlatformError } from '../../domain/errors.ts';
import type { GovernanceDecision } from './port.ts';

export interface DecisionPointOptions {
  /** Where the decider is, with its path before ours, if it has one. */
  url: string;
  /** Sent as a bearer token when it is given. */
  token?: string;
  /** @default 2500 */
  timeoutMs?: number;
}

export interface DecisionPointCall {
  path: string;
  body: unknown;
  /** Takes the decision out of what the decider answered. */
  decisionIn: (answer: unknown) => unknown;
  /** The plan that was asked about; an answer about another one is none. */
  planHash: string;
}

/** Below the time that a call of ours waits for its decision, so that the log says which limit it was. */
const TIMEOUT_MS = 2_500;
const MAX_BYTES = 64 * 1024;

const sentences = z.array(z.string().max(1_000)).max(100).default([]);
const decisionForm = z.object({
  decision: z.enum(['allow', 'deny', 'requireApproval']),
  reasons: sentences,
  obligations: sentences,
  planHash: z.string(),
});

/** @throws PlatformError `GovernanceUnavailable` */
export async function askDecisionPoint(
  { url, token, timeoutMs = TIMEOUT_MS }: DecisionPointOptions,
  { path, body, decisionIn, planHash }: DecisionPointCall,
): Promise<GovernanceDecision> {
  try {
    const response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      // A decision counts from the decider that was configured, and from no other.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readBounded(response);
    if (response.status !== 200) throw new Error(`the decider answered ${response.status}`);
    const decision = decisionForm.parse(decisionIn(JSON.parse(text)));
    if (decision.planHash !== planHash) throw new Error('the decider judged another plan');
    return decision;
  } catch (cause) {
    throw new PlatformError('GovernanceUnavailable', 'Governance gives no decision now, so the change is refused.', {
      cause,
    });
  }
}

/** The whole body, given up as soon as it is longer than a decision can be. */
async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`the decider answered more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
