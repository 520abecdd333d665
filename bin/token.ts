// `npm run -s token -- [--tenant T] [--subject S] [--scope X]…`: prints a bearer token of the embedded issuer, only that.
import { parseArgs } from 'node:util';
import { obtainToken } from '../local/issuer/obtain-token.ts';
import { readConfig } from './config.ts';

try {
  const { values } = parseArgs({
    options: {
      tenant: { type: 'string' },
      subject: { type: 'string' },
      scope: { type: 'string', multiple: true },
      audience: { type: 'string' },
      'ttl-seconds': { type: 'string' },
    },
  });
  const { home, oidc } = readConfig();
  const ttlSeconds = values['ttl-seconds'] === undefined ? undefined : Number(values['ttl-seconds']);
  const { tenant, subject, scope: scopes, audience } = values;
  console.log(await obtainToken({ home, issuer: oidc.issuer, tenant, subject, scopes, audience, ttlSeconds }));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
