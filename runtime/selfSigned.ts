// A certificate that nobody trusts, for HTTPS probes of simulated containers: the kubelet does not verify them.
// Made once, when the first TLS client comes; written as DER by hand, because a library for it would weigh more than the runtime.
// Used by: responder.ts.
import { generateKeyPairSync, sign } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';

let context: SecureContext | undefined;

export function selfSigned(): SecureContext {
  context ??= make();
  return context;
}

function make(): SecureContext {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(der(0x06, hex('550403')), der(0x0c, Buffer.from('simulated')))));
  const algorithm = sequence(der(0x06, hex('2a8648ce3d040302')));
  const validity = sequence(der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('491231235959Z')));
  const body = sequence(
    der(0xa0, integer(2)),
    integer(1),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const certificate = sequence(body, algorithm, der(0x03, Buffer.of(0), sign('sha256', body, privateKey)));
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return createSecureContext({
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  });
}

const hex = (text: string) => Buffer.from(text, 'hex');
const integer = (n: number) => der(0x02, Buffer.of(n));
const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const set = (...parts: Buffer[]) => der(0x31, ...parts);

/** One DER element: tag, length, content. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const n = content.length;
  const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}
