/** A worker of its own that runs one `up`: `up-process.ts HOME DATABASE_URL PORT_BASE GRACE_MS SPEC FENCE`; its sentences go to standard output. */
import type { StackSpec } from '../../providers/stacks/port.ts';
import { localEnvironment } from '../../providers/stacks/programs/local-environment.ts';
import { pulumiStacks } from '../../providers/stacks/pulumi.ts';
import { optionsIn } from './peers.ts';

const [home = '', databaseUrl = '', portBase = '', graceMs = '', spec = '', fence = ''] = process.argv.slice(2);
const options = { ...optionsIn(home, databaseUrl, Number(portBase)), graceMs: Number(graceMs) };
const outputs = await pulumiStacks({ ...options, program: localEnvironment }).up(JSON.parse(spec) as StackSpec, {
  fence: Number(fence),
  signal: new AbortController().signal,
  onProgress: (sentence) => console.log(sentence),
});
console.log(JSON.stringify(outputs));
