/** No body costs much, whatever is in it. What it costs exactly is measured by `npm run bench:bodies`. */
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../api/endpoint.ts';
import { bestCostMs, fullBodiesOf, hostileBodies, hostileTexts, judge, takers } from '../_support/hostile-bodies.ts';

/** CPU, not time: four times the 50 ms of the bench, which a slow machine stays below and a square does not. */
const MUCH_MS = 200;
const MAX_ANSWER = 16_000;
const byName = (endpoint: Endpoint) => [`${endpoint.method} ${endpoint.route}`, endpoint] as const;

function costly(endpoint: Endpoint | null, bytes: Uint8Array): string[] {
  let answer = '';
  const ms = bestCostMs(() => ({ answer } = judge(endpoint, bytes)), 5, MUCH_MS);
  return [
    ...(ms < MUCH_MS ? [] : [`costs ${ms.toFixed(0)} ms`]),
    ...(answer.length < MAX_ANSWER ? [] : [`is answered by ${answer.length} characters`]),
  ];
}

it('the reader stands every text', () => {
  const wrong = [...hostileTexts()].flatMap(({ name, bytes }) => costly(null, bytes).map((what) => `${name} ${what}`));
  expect(wrong).toEqual([]);
});

describe.each(takers.map(byName))('%s', (_name, endpoint) => {
  const shape = endpoint.kind === 'feed' ? endpoint.line : endpoint.input.body;

  it('takes the bodies that the hostile ones are made of, and they have every field', () => {
    const bodies = fullBodiesOf(endpoint);
    for (const body of bodies) expect(shape?.safeParse(body).error).toBeUndefined();
    const { properties = {} } = z.toJSONSchema(shape as z.ZodType, { io: 'input' });
    expect(new Set(bodies.flatMap((body) => Object.keys(body as object)))).toEqual(new Set(Object.keys(properties)));
  });

  it('refuses every hostile body for little, in few words', () => {
    const wrong: string[] = [];
    for (const { name, bytes } of hostileBodies(endpoint)) {
      wrong.push(...costly(endpoint, bytes).map((what) => `${name} ${what}`));
    }
    expect(wrong).toEqual([]);
  });
});
