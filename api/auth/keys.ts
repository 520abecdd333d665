/**
 * The issuer's keys. jwks-rsa reads them; this decides when: one request at a time, a bounded number per minute however
 * many unknown key ids arrive, and the last known keys for a while when the issuer is down.
 */
import { JwksClient, type SigningKey } from 'jwks-rsa';
import { PlatformError } from '../../domain/errors.ts';

export interface IssuerKeys {
  /** @throws PlatformError `TokenInvalid` (no such key), `IssuerUnavailable` */
  find(kid: string): Promise<SigningKey>;
  /** Whether the key is among the known ones: a removed key takes the tokens it signed with it. */
  has(kid: string): boolean;
  /** Whether tokens can be judged at all. @throws PlatformError `IssuerUnavailable` */
  check(): Promise<void>;
}

export interface IssuerKeysOptions {
  issuer: string;
  /** Between two looks at the keys when nothing asks for an earlier one. @default 300 */
  freshSeconds?: number;
  /** How long keys are believed after the issuer was last seen. @default 3600 */
  staleSeconds?: number;
  /** Looks that unknown key ids may cause. @default 10 */
  looksPerMinute?: number;
}

const REQUEST_TIMEOUT_MS = 3_000;
const UNKNOWN_KID_MS = 30_000;
/** After a failed look: answer from what is known instead of making every call wait for the issuer. */
const BACK_OFF_MS = 1_000;
const MAX_UNKNOWN_KIDS = 1_000;

export function openIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  return new KnownKeys(options);
}

class KnownKeys implements IssuerKeys {
  readonly #client: JwksClient;
  readonly #freshMs: number;
  readonly #staleMs: number;
  readonly #looksPerMinute: number;
  readonly #unknownUntilMs = new Map<string, number>();
  #keys = new Map<string, SigningKey>();
  #seenAtMs = -Infinity;
  #failedAtMs = -Infinity;
  #looks: number[] = [];
  #looking: Promise<void> | null = null;

  constructor({ issuer, freshSeconds = 300, staleSeconds = 3_600, looksPerMinute = 10 }: IssuerKeysOptions) {
    this.#client = new JwksClient({ fetcher: () => fetchKeys(issuer), cache: false });
    this.#freshMs = freshSeconds * 1000;
    this.#staleMs = staleSeconds * 1000;
    this.#looksPerMinute = looksPerMinute;
  }

  async find(kid: string): Promise<SigningKey> {
    await this.check();
    const known = this.#keys.get(kid);
    if (known) return known;
    const isUnknown = (this.#unknownUntilMs.get(kid) ?? 0) > Date.now();
    if (!isUnknown && this.#mayLook()) {
      await this.#look();
      const found = this.#keys.get(kid);
      if (found) return found;
      if (this.#unknownUntilMs.size >= MAX_UNKNOWN_KIDS) this.#unknownUntilMs.clear();
      this.#unknownUntilMs.set(kid, Date.now() + UNKNOWN_KID_MS);
    }
    if (this.#failedAtMs > this.#seenAtMs) throw unavailable(new Error('the last look at the issuer failed'));
    throw new PlatformError('TokenInvalid', 'The token is signed with a key that the issuer does not publish.');
  }

  has(kid: string): boolean {
    return this.#keys.has(kid) && this.#isBelievable();
  }

  /** Makes the known keys fresh, or leaves them while they may still be believed. */
  async check(): Promise<void> {
    if (Date.now() - this.#seenAtMs < this.#freshMs) return;
    try {
      await this.#look();
    } catch (error) {
      if (!this.#isBelievable()) throw error;
    }
  }

  #isBelievable(): boolean {
    return Date.now() - this.#seenAtMs < this.#staleMs;
  }

  #mayLook(): boolean {
    this.#looks = this.#looks.filter((at) => at > Date.now() - 60_000);
    return this.#looks.length < this.#looksPerMinute;
  }

  /** One look at a time, whoever asks for it. */
  async #look(): Promise<void> {
    if (!this.#looking && Date.now() - this.#failedAtMs < BACK_OFF_MS) {
      throw unavailable(new Error('the issuer did not answer a moment ago'));
    }
    this.#looking ??= this.#lookNow().finally(() => (this.#looking = null));
    await this.#looking;
  }

  async #lookNow(): Promise<void> {
    this.#looks.push(Date.now());
    try {
      const found = await this.#client.getSigningKeys();
      this.#keys = new Map(found.map((key) => [key.kid, key]));
      this.#seenAtMs = Date.now();
      this.#unknownUntilMs.clear();
    } catch (error) {
      this.#failedAtMs = Date.now();
      throw unavailable(error);
    }
  }
}

/** Where the issuer says its keys are, and what is there. */
async function fetchKeys(issuer: string): Promise<{ keys: unknown }> {
  const discovery = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (discovery.issuer !== issuer)
    throw new Error(`the issuer calls itself ${String(discovery.issuer)}, not ${issuer}`);
  if (typeof discovery.jwks_uri !== 'string') throw new Error('the issuer names no jwks_uri');
  const { keys } = await fetchJson(discovery.jwks_uri);
  if (!Array.isArray(keys)) throw new Error('the key set has no keys');
  return { keys };
}

async function fetchJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS), redirect: 'error' });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as Record<string, unknown>;
}

function unavailable(cause: unknown): PlatformError {
  if (cause instanceof PlatformError) return cause;
  return new PlatformError(
    'IssuerUnavailable',
    'The token issuer cannot be reached now, so the token cannot be judged.',
    {
      cause,
    },
  );
}
