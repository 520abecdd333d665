/**
 * Payloads as Temporal keeps them when they are private: AES-256-GCM under one of the platform's keys, whose id stands
 * beside it. A payload that is not encrypted is read as it is, so that what was written before goes on. Outside the bundle.
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { PayloadKey, PayloadKeys } from './payload-keys.ts';

/** The `encoding` of an encrypted payload. */
export const ENCRYPTED = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
/** As many as GCM is made for. Random ones are good for some four thousand million payloads of a key. */
const NONCE_BYTES = 12;
const PayloadMessage = proto.temporal.api.common.v1.Payload;

/** A payload that cannot be read with the keys of this process; the message says why. */
export class UnreadablePayloadError extends Error {
  override readonly name = 'UnreadablePayloadError';
}

export function openPayloadCodec({ current, byId }: PayloadKeys): PayloadCodec {
  return {
    async encode(payloads) {
      if (current === null) return payloads;
      const key = keyOf(byId, current);
      // What is encrypted stays as it is: nobody looks for a second layer when reading.
      return await Promise.all(payloads.map((one) => (isEncrypted(one) ? one : encrypt(one, current, key))));
    },
    async decode(payloads) {
      return await Promise.all(payloads.map((one) => (isEncrypted(one) ? decrypt(one, byId) : one)));
    },
  };
}

function isEncrypted({ metadata }: Payload): boolean {
  return textOf(metadata?.encoding) === ENCRYPTED;
}

async function encrypt(payload: Payload, keyId: string, key: PayloadKey): Promise<Payload> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  // The whole of it, so that not even the form of the data shows.
  const plain = new Uint8Array(PayloadMessage.encode(payload).finish());
  const encrypted = await crypto.subtle.encrypt(parametersOf(nonce, keyId), key, plain);
  return {
    metadata: { encoding: Buffer.from(ENCRYPTED), [KEY_ID]: Buffer.from(keyId) },
    data: Buffer.concat([nonce, new Uint8Array(encrypted)]),
  };
}

/** @throws UnreadablePayloadError */
async function decrypt({ metadata, data }: Payload, byId: PayloadKeys['byId']): Promise<Payload> {
  const keyId = textOf(metadata?.[KEY_ID]);
  const key = keyOf(byId, keyId);
  const bytes = new Uint8Array(data ?? []);
  let plain: ArrayBuffer;
  try {
    const nonce = bytes.subarray(0, NONCE_BYTES);
    plain = await crypto.subtle.decrypt(parametersOf(nonce, keyId), key, bytes.subarray(NONCE_BYTES));
  } catch (cause) {
    const why = 'it was changed since, or the key of that id is another one';
    throw new UnreadablePayloadError(`A payload cannot be decrypted with the payload key "${keyId}": ${why}.`, {
      cause,
    });
  }
  return PayloadMessage.decode(new Uint8Array(plain));
}

/** The id of the key is bound to the ciphertext: another one beside it is as good as another key. */
function parametersOf(iv: Uint8Array<ArrayBuffer>, keyId: string) {
  return { name: 'AES-GCM', iv, additionalData: new Uint8Array(Buffer.from(`${ENCRYPTED} ${keyId}`)) };
}

function keyOf(byId: PayloadKeys['byId'], keyId: string): PayloadKey {
  const key = byId.get(keyId);
  if (key) return key;
  // Nothing vouches for the id yet.
  const named = keyId.slice(0, 64);
  throw new UnreadablePayloadError(
    `A payload is encrypted with the payload key "${named}", which is not among the keys in the file that SLIPWAY_PAYLOAD_KEYS_FILE names.`,
  );
}

function textOf(metadata: Uint8Array | null | undefined): string {
  return Buffer.from(metadata ?? []).toString();
}
