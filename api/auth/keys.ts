/**
 * The issuer's keys. jwks-rsa reads them; this decides when: one request at a time, two a minute however many unknown
 * key ids arrive, and the last known keys for a while when the issuer is down (ADR 0040).
 */
import { JwksClient, type SigningKey } from 'jwks-rsa';
import { PlatformError } from '../../domain/errors.ts';
import { fetchKeys } from './fetch-keys.ts';

export interface IssuerKeys {
  /** @throws PlatformError `TokenInvalid` (no such key), `IssuerUnavailable` (no keys to judge by) */
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
  /** An unknown key id causes no look when there were so many for whatever reason. @default 2 */
  looksPerMinute?: number;
  /** For one look, discovery and key set together. @default 3000 */
  timeoutMs?: number;
  /** Told of each look that failed; while the known keys are believed nobody else notices. */
  onFailure?: (error: PlatformError) => void;
}

const UNKNOWN_KID_MS = 30_000;
/** After a failed look. Without keys every call is refused until one succeeds, so it is soon. */
const BACK_OFF_MS = { withoutKeys: 1_000, withKeys: 30_000 };
const MAX_UNKNOWN_KIDS = 1_000;

export function openIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  return new KnownKeys(options);
}

class KnownKeys implements IssuerKeys {
  readonly #client: JwksClient;
  readonly #freshMs: number;
  readonly #staleMs: number;
  readonly #looksPerMinute: number;
  readonly #onFailure: (error: PlatformError) => void;
  readonly #unknownUntilMs = new Map<string, number>();
  #keys = new Map<string, SigningKey>();
  #seenAtMs = -Infinity;
  #failedAtMs = -Infinity;
  #looks: number[] = [];
  #looking: Promise<void> | null = null;

  constructor(options: IssuerKeysOptions) {
    const { issuer, freshSeconds = 300, staleSeconds = 3_600, looksPerMinute = 2, timeoutMs = 3_000 } = options;
    this.#client = new JwksClient({ fetcher: () => fetchKeys(issuer, timeoutMs), cache: false });
    this.#freshMs = freshSeconds * 1000;
    this.#staleMs = staleSeconds * 1000;
    this.#looksPerMinute = looksPerMinute;
    this.#onFailure = options.onFailure ?? (() => undefined);
  }

  async find(kid: string): Promise<SigningKey> {
    await this.check();
    const known = this.#keys.get(kid);
    if (known) return known;
    if (this.#mayLookFor(kid)) {
      // When it fails the known keys still count, and this one is not among them.
      await this.#look().catch(() => undefined);
      const found = this.#keys.get(kid);
      if (found) return found;
      if (this.#unknownUntilMs.size >= MAX_UNKNOWN_KIDS) this.#unknownUntilMs.clear();
      this.#unknownUntilMs.set(kid, Date.now() + UNKNOWN_KID_MS);
    }
    throw new PlatformError('TokenInvalid', 'The token is signed with a key that the issuer does not publish.');
  }

  has(kid: string): boolean {
    return this.#keys.has(kid) && this.#isBelievable();
  }

  /** Makes the known keys fresh, or leaves them while they may still be believed. */
  async check(): Promise<void> {
    if (Date.now() - this.#seenAtMs < this.#freshMs) return;
    const looked = this.#look();
    // No call waits for an issuer that was down a moment ago to be down again.
    const isDown = Date.now() - this.#failedAtMs < this.#freshMs;
    if (isDown && this.#isBelievable()) return void looked.catch(() => undefined);
    try {
      await looked;
    } catch (error) {
      if (!this.#isBelievable()) throw error;
    }
  }

  #isBelievable(): boolean {
    return Date.now() - this.#seenAtMs < this.#staleMs;
  }

  #mayLookFor(kid: string): boolean {
    if ((this.#unknownUntilMs.get(kid) ?? 0) > Date.now()) return false;
    // To wait for one that is under way costs the issuer nothing.
    if (this.#looking) return true;
    this.#looks = this.#looks.filter((at) => at > Date.now() - 60_000);
    return this.#looks.length < this.#looksPerMinute;
  }

  /** One look at a time, whoever asks for it. */
  async #look(): Promise<void> {
    const backOffMs = this.#isBelievable() ? BACK_OFF_MS.withKeys : BACK_OFF_MS.withoutKeys;
    if (!this.#looking && Date.now() - this.#failedAtMs < backOffMs) {
      throw unavailable(new Error('the issuer did not answer a moment ago'));
    }
    this.#looking ??= this.#lookNow().finally(() => (this.#looking = null));
    await this.#looking;
  }

  async #lookNow(): Promise<void> {
    this.#looks.push(Date.now());
    try {
      const keys = (await this.#client.getSigningKeys()).filter(({ kid }) => typeof kid === 'string');
      if (keys.length === 0) throw new Error('no key of the set has an id');
      this.#keys = new Map(keys.map((key) => [key.kid, key]));
      this.#seenAtMs = Date.now();
      this.#failedAtMs = -Infinity;
      this.#unknownUntilMs.clear();
    } catch (error) {
      this.#failedAtMs = Date.now();
      const failure = unavailable(error);
      this.#onFailure(failure);
      throw failure;
    }
  }
}

function unavailable(cause: unknown): PlatformError {
  return new PlatformError(
    'IssuerUnavailable',
    'The token issuer cannot be reached now, so the token cannot be judged.',
    {
      cause,
    },
  );
}
