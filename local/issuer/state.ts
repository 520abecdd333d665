// What the embedded issuer keeps in its home: clients with generated secrets and its signing keys, made at first start.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { ensurePrivateFile } from '../secret-file.ts';

/** The tenants that have a client of their own. */
export const TENANTS = ['connectsoft', 'fabrikam'] as const;
/** The client of whoever owns this home: its grant asks for any tenant. */
export const OPERATOR_CLIENT_ID = 'slipway-operator';

export interface IssuerClient {
  clientId: string;
  clientSecret: string;
  /** Absent for the operator's client. */
  tenantId?: string;
}

/** Mode 0600: client ids, secrets and tenants. */
export function clientsFile(home: string): string {
  return join(home, 'issuer', 'clients.json');
}

/** Mode 0600: the private signing keys as a JWK set. */
export function keysFile(home: string): string {
  return join(home, 'issuer', 'keys.json');
}

/** The clients; made when there are none. */
export function ensureClients(home: string): IssuerClient[] {
  ensurePrivateFile(clientsFile(home), () => `${JSON.stringify(newClients(), null, 2)}\n`);
  return readClients(home);
}

/** The clients of an issuer that has started before. @throws when it has not */
export function readClients(home: string): IssuerClient[] {
  return JSON.parse(readFileSync(clientsFile(home), 'utf8')) as IssuerClient[];
}

/** The signing keys; made when there are none, so that tokens survive a restart. */
export async function ensureKeys(home: string): Promise<{ keys: JWK[] }> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key: JWK = { ...(await exportJWK(privateKey)), kid: randomBytes(8).toString('hex'), alg: 'RS256', use: 'sig' };
  ensurePrivateFile(keysFile(home), () => `${JSON.stringify({ keys: [key] })}\n`);
  return JSON.parse(readFileSync(keysFile(home), 'utf8')) as { keys: JWK[] };
}

function newClients(): IssuerClient[] {
  const secret = () => randomBytes(32).toString('base64url');
  return [
    ...TENANTS.map((tenantId) => ({ clientId: tenantId, clientSecret: secret(), tenantId })),
    { clientId: OPERATOR_CLIENT_ID, clientSecret: secret() },
  ];
}
