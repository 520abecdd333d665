/** What the proxy keeps about single requests. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Instance } from '../../providers/compute/port.ts';
import { startComputePlatform, WORKLOAD, type ComputePlatform } from '../_support/compute-platform.ts';
import { until } from '../_support/until.ts';
import { serve } from './serving.ts';

describe('the proxy', { timeout: 120_000 }, () => {
  let platform: ComputePlatform;
  let endpoint: string;

  beforeAll(async () => {
    platform = await startComputePlatform();
    const source = join(import.meta.dirname, 'images', 'echo');
    const config = { entrypoint: ['node', 'server.mjs'], env: {} };
    await platform.importImage({ reference: 'local/echo:1.0.0', source, config });
    const change = { image: 'local/echo:1.0.0', replicas: 2, revision: 'echo', health: { kind: 'tcp' } } as const;
    ({ endpoint } = await serve(platform, change));
  }, 60_000);
  afterAll(async () => await platform.stop(), 60_000);

  test('passes bodies of any size, and both replicas get them', async () => {
    const body = 'x'.repeat(3_000_000);
    const seen = new Set<string | null>();
    for (let round = 0; round < 4; round += 1) {
      const response = await fetch(endpoint, { method: 'POST', body });
      expect(await response.text()).toBe(body);
      seen.add(response.headers.get('x-instance'));
    }
    expect(seen.size).toBe(2);
  });

  test('passes a WebSocket', async () => {
    const socket = new WebSocket(endpoint.replace('http', 'ws'));
    const messages: unknown[] = [];
    socket.addEventListener('message', ({ data }) => messages.push(data));
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    socket.send('over the proxy');
    await until(() => messages.length === 1, { what: 'the echo' });
    expect(messages).toEqual(['over the proxy']);
    socket.close();
    await new Promise((resolve) => socket.addEventListener('close', resolve));
  });

  test('sends a request with a body to the next replica when one refuses the connection', async () => {
    // A stopped shim does not restart its workload, so nothing listens on the port.
    const { shim, workload } = platform.state('echo', 0);
    process.kill(shim.pid, 'SIGSTOP');
    process.kill(workload?.pid ?? 0, 'SIGKILL');
    const [first] = await platform.compute.instances(WORKLOAD);
    const refused = async () => (await platform.compute.health(first as Instance, { kind: 'tcp' })).status === 'noData';
    await until(refused, { what: 'the port to be closed' });
    try {
      const statuses = Array.from({ length: 10 }, async () => {
        return (await fetch(endpoint, { method: 'POST', body: 'small' })).status;
      });
      expect(await Promise.all(statuses)).toEqual(Array(10).fill(200));
    } finally {
      process.kill(shim.pid, 'SIGCONT');
    }
    await until(() => platform.state('echo', 0).restarts === 1, { what: 'the restart' });
  });

  test('answers 502 when every replica breaks off, and ends an answer that breaks off in the middle', async () => {
    const broken = await fetch(`${endpoint}/break`, { method: 'POST', body: 'once' });
    expect(broken.status).toBe(502);
    expect(broken.headers.get('content-type')).toBe('application/problem+json');
    expect((await fetch(`${endpoint}/break`)).status).toBe(503);
    const half = await fetch(`${endpoint}/half`);
    await expect(half.text()).rejects.toThrow();
  });

  test('answers 503 when the route has no replica', async () => {
    await platform.compute.shiftTraffic(WORKLOAD, {}, 2);
    const response = await fetch(endpoint);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([503, 'NoReplica']);
  });
});
