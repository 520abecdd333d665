/** How every client and worker of Slipway writes payloads, and reads them. */
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { openPayloadCodec } from '../workflows/payload-codec.ts';
import { readPayloadKeys } from './payload-keys.ts';

const FAILURES_IN_PAYLOADS = fileURLToPath(new URL('../workflows/failure-converter.ts', import.meta.url));

/** Undefined, the SDK's own, without a file of keys. @throws ConfigError */
export async function readDataConverter(env: Record<string, string | undefined>): Promise<DataConverter | undefined> {
  const keys = await readPayloadKeys(env);
  return (
    keys && {
      payloadCodecs: [openPayloadCodec(keys)],
      // Where nothing is encrypted, a message in a payload would only be harder to read.
      ...(keys.current !== null && { failureConverterPath: FAILURES_IN_PAYLOADS }),
    }
  );
}
