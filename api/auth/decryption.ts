/**
 * Encrypted access tokens, as OpenIddict issues them by default: a signed token within a JWE. What comes out is
 * verified as every token is; being able to encrypt for us proves nothing, since the key for that may be public.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { compactDecrypt, decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose';
import { z } from 'zod';
import { PlatformError } from '../../domain/errors.ts';

export interface DecryptionKey {
  key: KeyObject | Uint8Array;
  /** The ways the key of the content may be wrapped with this one. */
  algorithms: string[];
}

/** The signed token within. @throws PlatformError `TokenInvalid` */
export type DecryptToken = (token: string) => Promise<string>;

const CONTENT_ENCRYPTION = 'A256CBC-HS512';
/** The older of the two is what OpenIddict uses. PKCS#1 v1.5 is never accepted. */
const RSA_ALGORITHMS = ['RSA-OAEP', 'RSA-OAEP-256'];
const MIN_RSA_BITS = 2_048;
/** A256KW wraps a key with 32 bytes; with `dir` these are the content's key itself, 64 bytes of it. */
const ALGORITHM_OF_BYTES: Record<number, string> = { 32: 'A256KW', 64: 'dir' };

const symmetricForm = z.object({
  kty: z.literal('oct'),
  k: z.string().regex(/^[A-Za-z0-9_-]+$/),
  alg: z.string().optional(),
});

/** Reads an RSA private key (PEM) or a symmetric one (JWK). @throws Error the rest of a sentence about the file */
export function parseDecryptionKey(text: string): DecryptionKey {
  return text.trimStart().startsWith('{') ? symmetricKey(text) : privateKey(text);
}

function privateKey(pem: string): DecryptionKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new Error('is neither an unencrypted private key (PEM) nor a symmetric one (JWK)', { cause });
  }
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS) {
    throw new Error(`is no RSA key of ${MIN_RSA_BITS} bits or more`);
  }
  return { key, algorithms: RSA_ALGORITHMS };
}

function symmetricKey(json: string): DecryptionKey {
  let jwk: z.infer<typeof symmetricForm>;
  try {
    jwk = symmetricForm.parse(JSON.parse(json));
  } catch {
    // Without its cause, which would quote the key.
    throw new Error('is no symmetric JWK (kty "oct" with k)');
  }
  const key = Buffer.from(jwk.k, 'base64url');
  const algorithm = ALGORITHM_OF_BYTES[key.length];
  if (!algorithm) throw new Error('is a symmetric key of neither 32 bytes (A256KW) nor 64 (dir)');
  if (jwk.alg !== undefined && jwk.alg !== algorithm) {
    throw new Error(`says that it is for ${jwk.alg}, but a key of its length is for ${algorithm}`);
  }
  return { key, algorithms: [algorithm] };
}

/** @param types accepted `typ` headers, where the encrypted token has one */
export function openDecryption({ key, algorithms }: DecryptionKey, types: string[]): DecryptToken {
  return async (token) => {
    refuseUnaccepted(headerOf(token), algorithms, types);
    try {
      const { plaintext } = await compactDecrypt(token, key, {
        keyManagementAlgorithms: algorithms,
        contentEncryptionAlgorithms: [CONTENT_ENCRYPTION],
      });
      return new TextDecoder('utf-8', { fatal: true }).decode(plaintext);
    } catch (cause) {
      // One sentence for all of it: what exactly was wrong would help to find out the content.
      throw invalid('The token cannot be decrypted.', cause);
    }
  };
}

export function isEncrypted(token: string): boolean {
  return token.split('.').length === 5;
}

function headerOf(token: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw invalid('The token cannot be decrypted.', cause);
  }
}

/** Before any work with the key. */
function refuseUnaccepted(header: ProtectedHeaderParameters, algorithms: string[], types: string[]): void {
  const { alg, enc, typ, cty, crit, zip } = header as Record<string, unknown>;
  // A compressed token can be made to grow without bounds.
  if (zip !== undefined) throw invalid('The token is compressed, which is not accepted.');
  if (crit !== undefined) throw invalid('The token asks for extensions that are not known here.');
  if (!algorithms.some((one) => one === alg) || enc !== CONTENT_ENCRYPTION) {
    throw invalid('The token is encrypted with an algorithm that is not accepted.');
  }
  if (mediaType(cty) !== 'jwt')
    throw invalid('The encrypted token does not say that a signed one is within (cty JWT).');
  if (typ !== undefined && !types.includes(mediaType(typ))) {
    throw invalid('The token is not an access token (typ at+jwt).');
  }
}

function mediaType(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase().replace(/^application\//, '') : '';
}

function invalid(message: string, cause?: unknown): PlatformError {
  return new PlatformError('TokenInvalid', message, { cause });
}
