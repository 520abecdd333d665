/** Payloads as Temporal's protocol for remote codecs has them: JSON, where bytes are base64. */
import type { Payload } from '@temporalio/common';
import { z } from 'zod';
import { CodecRefusal } from './refusal.ts';

/** Far above what one event has. */
const MAX_PAYLOADS = 1_000;
const bytes = z.base64();
const payload = z.object({ metadata: z.record(z.string(), bytes).nullish(), data: bytes.nullish() });
const body = z.object({ payloads: z.array(payload).max(MAX_PAYLOADS).nullish() });

export interface WirePayload {
  metadata: Record<string, string>;
  data: string;
}

/** @throws CodecRefusal */
export function payloadsOf(json: unknown): Payload[] {
  const result = body.safeParse(json);
  if (!result.success) {
    const form = 'of payloads, each with metadata and data in base64';
    throw new CodecRefusal(400, `The body has to be {"payloads": […]}, a list of at most ${MAX_PAYLOADS} ${form}.`);
  }
  return (result.data.payloads ?? []).map(({ metadata, data }) => ({
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, fromBase64(value)])),
    data: fromBase64(data ?? ''),
  }));
}

export function onWire({ metadata, data }: Payload): WirePayload {
  const texts = Object.entries(metadata ?? {}).map(([name, value]) => [name, toBase64(value)]);
  return { metadata: Object.fromEntries(texts) as Record<string, string>, data: toBase64(data) };
}

const fromBase64 = (text: string) => Buffer.from(text, 'base64');
const toBase64 = (value: Uint8Array | null | undefined) => Buffer.from(value ?? []).toString('base64');
