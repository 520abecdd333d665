// The embedded OIDC issuer as a process of its own.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createIssuer } from '../local/issuer/provider.ts';
import { readConfig } from './config.ts';

const { home, ports, oidc } = readConfig();
const provider = await createIssuer({ home, ...oidc });
const listener = provider.callback();
const server = createServer((request, response) => void listener(request, response));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close();
    server.closeIdleConnections();
  });
}
server.listen(ports.issuer, '127.0.0.1');
await once(server, 'listening');
console.log(`issuer ${oidc.issuer} listens on 127.0.0.1:${ports.issuer}`);
