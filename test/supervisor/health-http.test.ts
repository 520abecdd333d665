/** The driver's HTTP health check, against workloads that mean well and others. */
import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import { lookAtHealth, type HealthLook } from '../../providers/compute/process-health.ts';
import { openHttpServer } from '../_support/http-server.ts';

async function look(listener: RequestListener): Promise<HealthLook> {
  await using server = await openHttpServer(listener);
  return await lookAtHealth(new URL(server.url).host, { kind: 'http', path: '/healthz' }, fetch);
}

const checks = [{ name: 'sql', status: 'Unhealthy', durationMs: 12 }];

describe('an HTTP health check', () => {
  test.each([
    [200, 'healthy'],
    [503, 'unhealthy'],
  ])('that is answered %i is %s, and has the checks of the answer', async (code, status) => {
    const body = JSON.stringify({ status, checks });
    expect(await look((_req, res) => res.writeHead(code).end(body))).toEqual({
      ...{ status, checks },
      evidence: `GET /healthz answered ${code}: ${body}`,
    });
  });

  test('without checks in its answer has none', async () => {
    expect(await look((_req, res) => res.end('fine'))).toEqual({
      status: 'healthy',
      evidence: 'GET /healthz answered 200: fine',
    });
  });

  test('does not go where it is sent', async () => {
    let visited = false;
    await using elsewhere = await openHttpServer((_req, res) => {
      visited = true;
      res.end(JSON.stringify({ checks }));
    });
    const { status, checks: none } = await look((_req, res) => res.writeHead(302, { location: elsewhere.url }).end());
    expect({ status, none, visited }).toEqual({ status: 'healthy', none: undefined, visited: false });
  });

  test('reads no more of an answer than its beginning, and waits for no more', async () => {
    let sent = 0;
    const seen = await look((_req, res) => {
      const chunk = Buffer.alloc(64 * 1024, 'x');
      // It goes on for ever, until nobody reads any more.
      const more = () => {
        while (!res.destroyed && res.write(chunk)) sent += chunk.length;
      };
      res.on('drain', more).on('error', () => undefined);
      more();
    });
    expect(seen.status).toBe('healthy');
    expect(seen.evidence.length).toBeLessThan(300);
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  test('is over in time for one that answers a byte now and then', async () => {
    const startedAt = Date.now();
    const timers: NodeJS.Timeout[] = [];
    const seen = await look((_req, res) => {
      res.writeHead(200);
      timers.push(setInterval(() => res.write('x'), 50));
    });
    timers.forEach(clearInterval);
    expect(seen).toMatchObject({ status: 'noData', evidence: expect.stringContaining('no answer within 2000 ms') });
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });
});
