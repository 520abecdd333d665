// What the engine's failures are to an operation.
import { type FailureCode, OperationFault } from '../../domain/failures.ts';
import { whatWentWrong } from './engine-report.ts';
import { locksNamedIn } from './stale-locks.ts';

/**
 * @param diagnostics what the engine said about resources while it worked.
 * @param secrets values that must not be in the message.
 */
export function faultOf(thrown: unknown, diagnostics: readonly string[], secrets: readonly string[]): OperationFault {
  if (thrown instanceof OperationFault) return thrown;
  const { sentence, lines } = whatWentWrong(diagnostics, thrown, secrets);
  // The guard's own refusal, as it comes through the engine's output.
  const refused = /\bFenceRefused: (.*)$/s.exec(sentence)?.[1];
  if (refused !== undefined) return new OperationFault({ code: 'FenceRefused', message: refused });
  const locks = locksNamedIn(thrown);
  if (locks.length === 0) return stackFailed(sentence, lines);
  const holders = locks.map(({ host, pid }) => `process ${pid} on ${host}`).join(', ');
  return new OperationFault({ code: 'StackLocked', message: `The stack is locked by ${holders}` }, thrown);
}

/** @param lines all that the engine said of it */
export function stackFailed(message: string, lines: string[] = []): OperationFault {
  return new OperationFault({ code: 'StackFailed', message, ...(lines.length > 0 && { lastLogLines: lines }) });
}

export function isFault(error: unknown, code: FailureCode): error is OperationFault {
  return error instanceof OperationFault && error.failure.code === code;
}

/** Whether a command of the engine failed, as opposed to our own code. */
export function isCommandError(error: unknown): boolean {
  return error instanceof Error && error.name.endsWith('Error') && error.message.includes('stderr:');
}

/** Values that may never be in a message: the passphrase, and the URLs with a password that plugins are given. */
export function secretsOf(passphrase: string, env: Record<string, string>): string[] {
  const urls = Object.values(env).filter((value) => /^\w+:\/\/[^/]*@/.test(value));
  const passwords = urls.map((url) => decodeURIComponent(URL.parse(url)?.password ?? ''));
  return [passphrase, ...urls, ...passwords].filter((value) => value !== '');
}
