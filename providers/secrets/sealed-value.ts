// AES-256-GCM of one value, bound to its place: what is sealed for one place does not open in another.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export interface SealedValue {
  iv: string;
  tag: string;
  data: string;
}

/** @param place where the value belongs; authenticated with it, not stored in it. */
export function seal(key: Buffer, place: readonly (string | number)[], value: string): SealedValue {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(JSON.stringify(place)));
  const data = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return { iv: iv.toString('base64'), tag: cipher.getAuthTag().toString('base64'), data: data.toString('base64') };
}

/** @throws Error when the key, the place or the bytes are not those it was sealed with. */
export function unseal(key: Buffer, place: readonly (string | number)[], sealed: SealedValue): string {
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.iv, 'base64'), { authTagLength: 16 })
    .setAAD(Buffer.from(JSON.stringify(place)))
    .setAuthTag(Buffer.from(sealed.tag, 'base64'));
  return Buffer.concat([decipher.update(Buffer.from(sealed.data, 'base64')), decipher.final()]).toString('utf8');
}
