// A certificate signed by its own key, for a daemon that was given none: written as DER by hand, to need no library.
// Pure but for the key it makes. Mirrors: client-go util/cert (GenerateSelfSignedCertKey). Used by: the serving certificates of the API server and the kubelet.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';

/** PEM, for a TLS server of that name at those addresses (which may be names too); valid from `now` (ms) for a year. */
export function selfSigned(name: string, addresses: string[], now: number): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = sequence(set(sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
  const validity = sequence(utcTime(now - 60_000), utcTime(now + 365 * 24 * 3600_000));
  const serial = randomBytes(8);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    ecdsaWithSha256,
    subject,
    validity,
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(alternativeNames([name, ...addresses]), serverAuth())),
  );
  const signature = der(0x03, Buffer.of(0), sign('sha256', body, privateKey));
  const lines = sequence(body, ecdsaWithSha256, signature)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

/** subjectAltName: names as text, addresses as bytes. */
function alternativeNames(names: string[]): Buffer {
  const entries = names.map((n) => (isIP(n) ? der(0x87, addressBytes(n)) : der(0x82, Buffer.from(n))));
  return sequence(oid('551d11'), der(0x04, sequence(...entries)));
}

/** extKeyUsage: serverAuth. */
const serverAuth = (): Buffer => sequence(oid('551d25'), der(0x04, sequence(oid('2b06010505070301'))));

function addressBytes(ip: string): Buffer {
  if (isIPv4(ip)) return Buffer.from(ip.split('.').map(Number));
  const [head = '', tail] = ip.split('::');
  const groups = (text: string | undefined) => (text ? text.split(':') : []);
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array(tail === undefined ? 0 : missing).fill('0'), ...groups(tail)];
  return Buffer.from(all.map((g) => g.padStart(4, '0')).join(''), 'hex');
}

const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const set = (...parts: Buffer[]): Buffer => der(0x31, ...parts);
/** YYMMDDhhmmssZ, which holds until 2049. */
const utcTime = (ms: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const n = content.length;
  const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}
