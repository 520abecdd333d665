/** X.509 certificates made at run time: an authority, and what it signs. Just enough DER (RFC 5280) for that. */
import { createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export interface Certificate {
  /** PEM */
  cert: Buffer;
  /** PEM */
  key: Buffer;
}

export interface Authority extends Certificate {
  /** A certificate for 127.0.0.1 and localhost, for servers and clients. */
  issue(name: string, validity?: { from: Date; to: Date }): Certificate;
}

const SEQUENCE = 0x30;
const DAY_MS = 86_400_000;
const ECDSA_SHA256 = der(SEQUENCE, oid('2a8648ce3d040302'));

export function openAuthority(name: string): Authority {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isAuthority = extension('551d13', der(SEQUENCE, der(0x01, Buffer.from([0xff]))));
  const signed = (subject: string, key: KeyObject, more: Buffer, validity?: { from: Date; to: Date }) =>
    certificate({ issuer: name, signer: pair.privateKey, subject, key, extensions: more, validity });
  return {
    cert: signed(name, pair.publicKey, isAuthority),
    key: pemOf(pair.privateKey),
    issue(subject, validity) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const names = der(SEQUENCE, der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])));
      return { cert: signed(subject, own.publicKey, extension('551d11', names), validity), key: pemOf(own.privateKey) };
    },
  };
}

/** A certificate of the key, as PEM, that nobody vouches for. @param key an RSA or EC private key */
export function certificateOf(key: KeyObject): string {
  const { privateKey: signer } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = extension('551d13', der(SEQUENCE));
  const parts = { issuer: 'nobody', subject: 'nobody', signer, key: createPublicKey(key), extensions };
  return certificate(parts).toString();
}

interface CertificateParts {
  issuer: string;
  signer: KeyObject;
  subject: string;
  key: KeyObject;
  extensions: Buffer;
  validity?: { from: Date; to: Date };
}

function certificate({ issuer, signer, subject, key, extensions, validity }: CertificateParts): Buffer {
  const now = Date.now();
  const { from, to } = validity ?? { from: new Date(now - DAY_MS), to: new Date(now + DAY_MS) };
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))),
    // Positive, whatever its first bit.
    der(0x02, Buffer.from([1]), randomBytes(8)),
    ECDSA_SHA256,
    distinguishedName(issuer),
    der(SEQUENCE, time(from), time(to)),
    distinguishedName(subject),
    key.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, extensions)),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, signer));
  const base64 = der(SEQUENCE, body, ECDSA_SHA256, signature).toString('base64');
  return Buffer.from(
    `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  );
}

function distinguishedName(commonName: string): Buffer {
  return der(SEQUENCE, der(0x31, der(SEQUENCE, oid('550403'), der(0x0c, Buffer.from(commonName)))));
}

function extension(id: string, value: Buffer): Buffer {
  return der(SEQUENCE, oid(id), der(0x04, value));
}

/** From its encoded form in hexadecimal. */
function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function time(at: Date): Buffer {
  return der(0x17, Buffer.from(`${at.toISOString().slice(2, 19).replaceAll(/[-T:]/g, '')}Z`));
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function pemOf(key: KeyObject): Buffer {
  return Buffer.from(key.export({ type: 'pkcs8', format: 'pem' }));
}
