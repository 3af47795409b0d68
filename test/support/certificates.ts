/** Makes X.509 certificates for tests, so that no private key lies in the repository and none expires. */
import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PEM, PKCS 8. */
  readonly key: string;
}

export interface Authority extends Certificate {
  /** Issues a certificate for DNS names and IPv4 or IPv6 addresses. */
  issue(names: readonly string[], validity?: { readonly notAfter?: Date }): Certificate;
}

/** Makes a certification authority that nobody knows. */
export function createAuthority(name = 'Test Authority'): Authority {
  const { publicKey, privateKey } = newKey();
  const subject = commonName(name);
  const cert = certificate({ issuer: subject, subject, publicKey, signer: privateKey, extensions: [basicConstraints(true)] });
  return {
    cert,
    key: pemOf(privateKey),
    issue(names, { notAfter } = {}) {
      const own = newKey();
      return {
        cert: certificate({
          issuer: subject,
          subject: commonName(names[0] ?? 'nobody'),
          publicKey: own.publicKey,
          signer: privateKey,
          extensions: [basicConstraints(false), subjectAlternativeNames(names)],
          ...(notAfter === undefined ? {} : { notAfter }),
        }),
        key: pemOf(own.privateKey),
      };
    },
  };
}

function newKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

interface Contents {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly notAfter?: Date;
}

let serial = 1;

function certificate({ issuer, subject, publicKey, signer, extensions, notAfter }: Contents): string {
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const until = notAfter ?? new Date(Date.now() + 86_400_000);
  const body = sequence(
    der(0xa0, integer(2)),
    integer(serial++),
    ecdsaWithSha256,
    issuer,
    sequence(time(new Date(until.getTime() - 2 * 86_400_000)), time(until)),
    subject,
    createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const bytes = sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, signer)));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function basicConstraints(authority: boolean): Buffer {
  return sequence(
    oid('2.5.29.19'),
    der(0x01, Buffer.from([0xff])),
    octets(sequence(...(authority ? [der(0x01, Buffer.from([0xff]))] : []))),
  );
}

function subjectAlternativeNames(names: readonly string[]): Buffer {
  const general = names.map((name) => (isIP(name) === 0 ? der(0x82, Buffer.from(name)) : der(0x87, addressBytes(name))));
  return sequence(oid('2.5.29.17'), octets(sequence(...general)));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  if (address !== '::1') throw new Error('only ::1 is needed');
  return Buffer.concat([Buffer.alloc(15), Buffer.from([1])]);
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(name)))));
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  const long = body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(body.length < 128 ? [body.length] : long)]), body]);
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return der(0x30, ...contents);
}

function integer(value: number): Buffer {
  return der(0x02, Buffer.from([0, value >> 8, value & 0xff].slice(value < 128 ? 2 : value < 32768 ? 1 : 0)));
}

function octets(contents: Buffer): Buffer {
  return der(0x04, contents);
}

function bitString(contents: Buffer): Buffer {
  return der(0x03, Buffer.from([0]), contents);
}

function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const value of rest) {
    const groups = [value & 0x7f];
    for (let left = value >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}
