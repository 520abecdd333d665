/** What a workload says of its parts in the body of its health answer; a stranger's text, so everything is bounded. */
import type { CheckResult, HealthStatus } from './health.ts';

const MAX_CHECKS = 50;
const MAX_NAME = 100;
/** A day: what takes longer was not measured. */
const MAX_DURATION_MS = 86_400_000;

/** Words for it, as health libraries write them, in lower case. */
const WORDS: Record<string, HealthStatus> = {
  healthy: 'Healthy',
  ok: 'Healthy',
  up: 'Healthy',
  pass: 'Healthy',
  passing: 'Healthy',
  degraded: 'Degraded',
  warn: 'Degraded',
  warning: 'Degraded',
  unhealthy: 'Unhealthy',
  down: 'Unhealthy',
  fail: 'Unhealthy',
  failed: 'Unhealthy',
  failing: 'Unhealthy',
  critical: 'Unhealthy',
  error: 'Unhealthy',
  unavailable: 'Unhealthy',
};

/**
 * The checks of an answer like `{"checks": [{"name": "sql", "status": "Healthy", "durationMs": 12}]}`, at most 50; one
 * whose status is no known word is `Unknown`. Undefined when the text is not such an answer.
 */
export function checksOfAnswer(text: string): CheckResult[] | undefined {
  const answer = parsed(text);
  if (typeof answer !== 'object' || answer === null || !('checks' in answer)) return undefined;
  if (!Array.isArray(answer.checks)) return undefined;
  const checks = answer.checks.slice(0, MAX_CHECKS).flatMap((check: unknown) => checkOf(check) ?? []);
  return checks.length > 0 ? checks : undefined;
}

function checkOf(value: unknown): CheckResult | null {
  if (typeof value !== 'object' || value === null || !('name' in value) || typeof value.name !== 'string') return null;
  const name = printable(value.name);
  if (name === '') return null;
  const word = 'status' in value && typeof value.status === 'string' ? value.status : '';
  const durationMs = 'durationMs' in value ? durationOf(value.durationMs) : undefined;
  return { name, status: statusOf(word), ...(durationMs !== undefined && { durationMs }) };
}

function statusOf(word: string): HealthStatus {
  const known = word.trim().toLowerCase();
  return (Object.hasOwn(WORDS, known) && WORDS[known]) || 'Unknown';
}

/** Without what a terminal or a log would act on (control and format characters), and not cut within a character. */
function printable(name: string): string {
  const clean = name.slice(0, 2 * MAX_NAME).replace(/\p{C}/gu, '');
  return [...clean].slice(0, MAX_NAME).join('').trim();
}

function durationOf(value: unknown): number | undefined {
  const isDuration = typeof value === 'number' && value >= 0 && value <= MAX_DURATION_MS;
  return isDuration ? Math.round(value) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
