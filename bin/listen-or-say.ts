import type { RequestListener, Server } from 'node:http';
import { listen } from '../local/supervisor/listen.ts';

/** Listens on loopback; a port that is taken gives one sentence naming it and its variable, exit code 1, and null. */
export async function listenOrSay(handler: RequestListener, port: number, variable: string): Promise<Server | null> {
  try {
    return await listen(handler, port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    console.error(`Port ${port} is in use: stop what listens there, or set ${variable} to a free one.`);
    process.exitCode = 1;
    return null;
  }
}
