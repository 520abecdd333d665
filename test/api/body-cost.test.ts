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

const configurations = takers.find(({ route }) => route === '/runtime/configurations') as Endpoint;
const deployments = takers.find(({ route }) => route === '/runtime/deployments') as Endpoint;
const [configuration, deployment] = [configurations, deployments].map((one) => fullBodiesOf(one)[0] as object);
const refusal = (endpoint: Endpoint, body: unknown) => {
  const { answer } = judge(endpoint, Buffer.from(JSON.stringify(body)));
  return answer === '' ? null : (JSON.parse(answer) as { detail: string; errors: unknown });
};
const entries = (count: number, name: (at: number) => string) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [name(at), '']));

describe('what is too much', () => {
  it.each(['values', 'files'])('is counted before it is looked at: of 201 bad %s none is named', (field) => {
    const { errors } = refusal(configurations, { ...configuration, [field]: entries(201, (at) => `!${at}`) }) ?? {};
    expect(errors).toEqual([{ pointer: `/${field}`, message: 'has at most 200 entries' }]);
  });

  it.each([
    ['releaseRef', { releaseRef: '!'.repeat(1000) }],
    ['configurationId', { configurationId: '!'.repeat(1000) }],
    ['components/0/image', { components: [{ moduleId: 'a', image: '!'.repeat(1000), target: 'aks' }] }],
  ])('is one thing wrong, not two: a long and bad %s', (pointer, change) => {
    const { errors } = refusal(deployments, { ...deployment, ...change }) ?? {};
    expect(errors).toEqual([{ pointer: `/${pointer}`, message: expect.any(String) }]);
  });

  it('is told by number, and in twenty places', () => {
    const { detail, errors } = refusal(configurations, { ...configuration, ...entries(500, (at) => `u${at}`) }) ?? {};
    expect([detail, errors]).toEqual(['500 things are wrong with the input.', expect.objectContaining({ length: 20 })]);
  });

  it.each(['a', '/', '~', '😀'])('is cut where it is pointed at: a name of many %s', (letter) => {
    const name = letter.repeat(100_000);
    const { errors } = refusal(configurations, { ...configuration, [name]: 1, files: { [name]: '' } }) ?? {};
    const pointers = (errors as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers).toHaveLength(2);
    for (const pointer of pointers) {
      expect(pointer.length).toBeLessThanOrEqual(201);
      expect(pointer).toMatch(/^\/.*…$/);
      expect(pointer.isWellFormed()).toBe(true);
    }
  });

  it('is not what 200 components with 20 variables each are', () => {
    const components = Array.from({ length: 200 }, (_, at) => ({
      moduleId: `module-${at}`,
      image: 'acr.azurecr.io/reservations-api:1.4.2',
      target: 'aks',
      port: 8080,
      health: { path: '/ready' },
      replicas: 2,
      env: entries(20, (variable) => `A${variable}`),
      resources: { cpuMillicores: 500, memoryMib: 256 },
      dependsOn: ['module-0', 'module-1'],
    }));
    expect(refusal(deployments, { ...deployment, components })).toBeNull();
  });
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
