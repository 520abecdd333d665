/** The supervisor of the embedded platform: runs replicas as processes, behind an admin API on loopback. */
import { join } from 'node:path';
import { cacheHomeOf } from '../local/engines/cache.ts';
import { adminApp } from '../local/supervisor/admin-app.ts';
import { supervisorRoutes } from '../local/supervisor/daemon/routes.ts';
import { Supervisor } from '../local/supervisor/daemon/supervisor.ts';
import { ImageStore } from '../local/supervisor/images/image-store.ts';
import { importSamples } from '../local/supervisor/images/samples.ts';
import { warmUp } from '../local/supervisor/daemon/warm-up.ts';
import { drain } from '../local/supervisor/listen.ts';
import { ensureSecretFile } from '../local/secret-file.ts';
import { localVault } from '../providers/secrets/local-vault.ts';
import { readConfig } from './config.ts';
import { listenOrSay } from './listen-or-say.ts';
import { lockHome } from './lock-home.ts';
import { onStopSignal } from './on-stop-signal.ts';

/** A stopping daemon lets its callers finish, but not a log that is followed. */
const DRAIN_MS = 2_000;
const WORKLOAD_GRACE_MS = 10_000;

const config = readConfig();
const log = (sentence: string) => console.log(`supervisor: ${sentence}`);
const folder = join(config.home, 'supervisor');
const vault = { folder: join(config.home, 'vault'), keyFile: join(config.home, 'vault.key') };
const images = new ImageStore(join(config.home, 'images'));
// One shim per replica: small heaps, no helper threads, and no compiler once the cache is warm.
const shim = {
  file: process.execPath,
  args: [
    '--disable-warning=ExperimentalWarning',
    '--max-semi-space-size=1',
    '--max-old-space-size=24',
    '--v8-pool-size=0',
    join(import.meta.dirname, 'shim.ts'),
  ],
  env: {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    NODE_COMPILE_CACHE: join(cacheHomeOf(config.env), 'slipway', 'node'),
    SLIPWAY_VAULT_FOLDER: vault.folder,
    SLIPWAY_VAULT_KEY_FILE: vault.keyFile,
  },
};
const supervisor = new Supervisor({
  folder,
  images,
  shim,
  secrets: localVault(vault),
  graceMs: WORKLOAD_GRACE_MS,
  log,
});

async function run(): Promise<void> {
  await warmUp(shim);
  if (config.env.SLIPWAY_SAMPLES !== 'off') await importSamples(images, join(import.meta.dirname, '..', 'samples'));
  await supervisor.start();
  const app = adminApp(supervisorRoutes(supervisor, images), { token: ensureSecretFile(config.adminTokenFile), log });
  const server = await listenOrSay(app, config.ports.supervisor, 'SLIPWAY_SUPERVISOR_PORT');
  if (!server) {
    await supervisor.stop({ stopReplicas: false });
    return;
  }
  log(`listens on 127.0.0.1:${config.ports.supervisor}`);
  onStopSignal(async () => {
    await drain(server, DRAIN_MS);
    await supervisor.stop({ stopReplicas: config.env.SLIPWAY_SUPERVISOR_ON_STOP === 'stop' });
    log('stopped');
  });
}

if (lockHome(folder, 'supervisor')) await run();
