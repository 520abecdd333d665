import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENCRYPTED, openPayloadCodec, UnreadablePayloadError } from '../../workflows/payload-codec.ts';
import { parsePayloadKeys } from '../../workflows/payload-keys.ts';
import { newPayloadKey, type KeysFile } from '../_support/payload-keys.ts';

const [one, two] = [newPayloadKey(), newPayloadKey()];
const codecOf = async (content: KeysFile) => openPayloadCodec(await parsePayloadKeys(JSON.stringify(content)));
const first = await codecOf({ current: 'one', keys: { one } });

const saying = (text: string): Payload => defaultPayloadConverter.toPayload(text);
const textsIn = (payloads: Payload[]) => payloads.map((payload) => defaultPayloadConverter.fromPayload(payload));
const metadataOf = ({ metadata }: Payload) =>
  Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString()]));
const bytesOf = ({ metadata, data }: Payload) =>
  Buffer.concat([...Object.values(metadata ?? {}), data ?? Buffer.alloc(0)]);

const name = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => text !== '__proto__');
const anyPayload = fc
  .record({
    metadata: fc.dictionary(name, fc.uint8Array({ maxLength: 20 }), { maxKeys: 4 }),
    data: fc.uint8Array({ maxLength: 300 }),
  })
  .filter(({ metadata }) => Buffer.from(metadata.encoding ?? []).toString() !== ENCRYPTED);

/** Of anything that the codec did not make, only what it holds counts. */
const same = (payload: Payload) => ({
  metadata: Object.entries(payload.metadata ?? {})
    .map(([name, value]) => [name, Buffer.from(value).toString('hex')])
    .sort(),
  data: Buffer.from(payload.data ?? []).toString('hex'),
});

describe('an encrypted payload', () => {
  it('is read as what it was, whatever that is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyPayload, { maxLength: 4 }), async (payloads) => {
        const read = await first.decode(await first.encode(payloads));
        expect(read.map(same)).toEqual(payloads.map(same));
      }),
    );
  });

  it('shows its encoding and the id of its key, and nothing of what it holds, its own metadata included', async () => {
    const [payload] = await first.encode([saying('booking-prod-weu')]);
    if (!payload) throw new Error('there is none');
    expect(metadataOf(payload)).toEqual({ encoding: ENCRYPTED, 'encryption-key-id': 'one' });
    for (const text of ['booking', 'json/plain']) expect(bytesOf(payload).includes(text)).toBe(false);
  });

  it('differs from every other of the same text', async () => {
    const encoded = await first.encode(Array.from({ length: 100 }, () => saying('again')));
    expect(new Set(encoded.map(({ data }) => Buffer.from(data ?? []).toString('hex'))).size).toBe(100);
  });

  it('is not encrypted a second time', async () => {
    const once = await first.encode([saying('once')]);
    const twice = await first.encode(once);
    expect(twice).toEqual(once);
    expect(textsIn(await first.decode(twice))).toEqual(['once']);
  });

  it('is refused when any bit of it was changed', async () => {
    const [payload] = await first.encode([saying('as it was')]);
    const data = Buffer.from(payload?.data ?? []);
    await fc.assert(
      fc.asyncProperty(fc.nat(data.length * 8 - 1), async (bit) => {
        const changed = Buffer.from(data);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await expect(first.decode([{ ...payload, data: changed }])).rejects.toThrow(UnreadablePayloadError);
      }),
    );
  });

  it.each([0, 1, 11, 12, 27])('is refused when it is cut to %i bytes', async (length) => {
    const [payload] = await first.encode([saying('as it was')]);
    await expect(first.decode([{ ...payload, data: payload?.data?.subarray(0, length) }])).rejects.toThrow(
      'A payload cannot be decrypted with the payload key "one": it was changed since, or the key of that id is another one.',
    );
  });

  it('is bound to the id of its key: the same key under another id does not read it', async () => {
    const both = await codecOf({ current: 'one', keys: { one, same: one } });
    const [payload] = await both.encode([saying('bound')]);
    const metadata = { ...payload?.metadata, 'encryption-key-id': Buffer.from('same') };
    await expect(both.decode([{ ...payload, metadata }])).rejects.toThrow('payload key "same"');
  });

  it('is refused with a sentence that says which key is missing', async () => {
    const payloads = await first.encode([saying('theirs')]);
    const other = await codecOf({ current: 'two', keys: { two } });
    await expect(other.decode(payloads)).rejects.toThrow(
      'A payload is encrypted with the payload key "one", which is not among the keys in the file that SLIPWAY_PAYLOAD_KEYS_FILE names.',
    );
  });

  it('is refused when the key of its id is another one', async () => {
    const payloads = await first.encode([saying('theirs')]);
    const other = await codecOf({ current: 'one', keys: { one: two } });
    await expect(other.decode(payloads)).rejects.toThrow('or the key of that id is another one.');
  });
});

describe('a plain payload', () => {
  it('is read as it is, so that what was written before goes on', async () => {
    const payloads = [saying('before'), { metadata: {}, data: Buffer.from('x') }, {}];
    expect(await first.decode(payloads)).toEqual(payloads);
  });
});

describe('another key', () => {
  it('writes once it is the current one, while what the older wrote is still read', async () => {
    const before = await first.encode([saying('older')]);
    const rotated = await codecOf({ current: 'two', keys: { one, two } });
    const after = await rotated.encode([saying('newer')]);
    expect(after.map((payload) => metadataOf(payload)['encryption-key-id'])).toEqual(['two']);
    expect(textsIn(await rotated.decode([...before, ...after]))).toEqual(['older', 'newer']);
  });

  it('is known to all before anybody writes with it: none is current, nothing is encrypted, everything is read', async () => {
    const reader = await codecOf({ keys: { one } });
    const [plain, encrypted] = [[saying('plain')], await first.encode([saying('private')])];
    expect(await reader.encode(plain)).toEqual(plain);
    expect(textsIn(await reader.decode([...plain, ...encrypted]))).toEqual(['plain', 'private']);
  });
});
