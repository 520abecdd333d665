// `npm run -s token -- [--tenant T] [--subject S] [--scope X]… [--internal]`: prints a bearer token of the embedded issuer, only that.
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
      internal: { type: 'boolean', default: false },
      'ttl-seconds': { type: 'string' },
    },
  });
  const { home, oidc } = readConfig();
  const ttlSeconds = values['ttl-seconds'] === undefined ? undefined : Number(values['ttl-seconds']);
  const { tenant, subject } = values;
  // The internal APIs are opened by their audience; a scope says nothing there.
  const scopes = values.scope ?? (values.internal ? [] : undefined);
  const audience = values.audience ?? (values.internal ? oidc.internalAudience : undefined);
  console.log(await obtainToken({ home, issuer: oidc.issuer, tenant, subject, scopes, audience, ttlSeconds }));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
