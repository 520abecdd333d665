/** What the codec server refuses: a status and a sentence. */
import { PlatformError } from '../../domain/errors.ts';
import { statusOfKind } from '../problem.ts';
import { UnreadablePayloadError } from '../../workflows/payload-codec.ts';

export class CodecRefusal extends Error {
  override readonly name = 'CodecRefusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const UNEXPECTED = new CodecRefusal(500, 'Something went wrong on our side; the log has more.');

/** Whatever was thrown, as a refusal the caller may read. */
export function codecRefusalOf(error: unknown): CodecRefusal {
  if (error instanceof CodecRefusal) return error;
  if (error instanceof PlatformError) return new CodecRefusal(statusOfKind(error.kind), error.publicMessage);
  if (error instanceof UnreadablePayloadError) return new CodecRefusal(422, error.message);
  return ofBody(error) ?? UNEXPECTED;
}

/** The body parser's own sentences quote the body. */
function ofBody(error: unknown): CodecRefusal | null {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (status === 413) return new CodecRefusal(413, 'The payloads are too large to be taken in one call.');
  if (status === 415) return new CodecRefusal(415, 'The body may not be compressed, and has to be UTF-8.');
  return typeof status === 'number' && status < 500 ? new CodecRefusal(400, 'The body is not JSON.') : null;
}
