/** The proxy of the embedded platform: one port per service, and an admin API on loopback. */
import { join } from 'node:path';
import { adminApp } from '../local/supervisor/admin-app.ts';
import { drain } from '../local/supervisor/listen.ts';
import { Proxy } from '../local/supervisor/proxy/proxy.ts';
import { proxyRoutes } from '../local/supervisor/proxy/routes.ts';
import { ensureSecretFile } from '../local/secret-file.ts';
import { readConfig } from './config.ts';
import { listenOrSay } from './listen-or-say.ts';
import { lockHome } from './lock-home.ts';
import { onStopSignal } from './on-stop-signal.ts';

const DRAIN_MS = 2_000;

const config = readConfig();
const log = (sentence: string) => console.log(`proxy: ${sentence}`);
const folder = join(config.home, 'proxy');

async function run(): Promise<void> {
  const proxy = new Proxy(folder, log);
  // Traffic first: the routes serve before anyone can ask for a change.
  await proxy.start();
  const app = adminApp(proxyRoutes(proxy), { token: ensureSecretFile(config.adminTokenFile), log });
  const server = await listenOrSay(app, config.ports.proxy, 'SLIPWAY_PROXY_PORT');
  if (!server) {
    await proxy.stop();
    return;
  }
  log(`listens on 127.0.0.1:${config.ports.proxy}`);
  onStopSignal(async () => {
    await Promise.all([drain(server, DRAIN_MS), proxy.stop()]);
    log('stopped');
  });
}

if (lockHome(folder, 'proxy')) await run();
