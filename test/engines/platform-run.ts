// A platform of a few parts in a process of its own, to be killed: `node platform-run.ts <part,part>`; says "up".
import { readConfig } from '../../bin/config.ts';
import type { PartName } from '../../local/platform/parts.ts';
import { startPlatform } from '../../local/platform/platform.ts';

const parts = process.argv[2]?.split(',') as PartName[];
const platform = await startPlatform({ config: readConfig(), parts, durable: false, onProgress: () => undefined });
process.once('SIGTERM', () => void platform.stop().then(() => clearInterval(alive)));
const alive = setInterval(() => undefined, 60_000);
console.log('up');
