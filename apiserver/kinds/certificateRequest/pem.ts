// PEM blocks in a request and in a certificate: are they what they should be, and did the owner of the key sign the request?
// Reads: base64 of PEM text, as spec.request and status.certificate hold it. Writes: why it is refused, in Go's words where they are fixed.
// Mirrors: validateCSR and validateCertificate in pkg/apis/certificates/validation/validation.go. Used by: validation.ts and ../clusterTrustBundle.ts.
import { createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';

export interface Block {
  type: string;
  headers: boolean;
  der: Buffer;
}

const [begin, finish, dashes] = ['-----BEGIN ', '-----END ', '-----'];

/** Text between blocks is skipped, as Go's decoder does. Each part of the text is looked at once, however many blocks never end. */
export function blocksOfText(text: string): Block[] {
  const found: Block[] = [];
  let end = -1;
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    const line = text.indexOf('\n', at);
    if (line < 0) break;
    if (end < line) end = text.indexOf(finish, line);
    if (end < 0) break;
    const [head] = text.slice(at + begin.length, line).split(dashes);
    at = line;
    if (!text.startsWith(`${head}${dashes}`, end + finish.length)) continue;
    found.push({ type: head!, ...bodyOf(text.slice(line + 1, end)) });
    at = end;
  }
  return found;
}

const blocksOf = (base64: string) => blocksOfText(Buffer.from(base64, 'base64').toString('latin1'));

function bodyOf(text: string): Omit<Block, 'type'> {
  const headers = /^[^\n]*:[\s\S]*?\r?\n\r?\n/.exec(text);
  return { headers: headers !== null, der: Buffer.from(headers ? text.slice(headers[0].length) : text, 'base64') };
}

/** One element of DER: `whole` with its head, `content` without. Throws when it does not fit. */
function element(der: Buffer, at = 0): { whole: Buffer; content: Buffer; end: number } {
  const first = der[at + 1];
  if (first === undefined) throw new Error('asn1: syntax error: data truncated');
  const bytes = first & 0x80 ? first & 0x7f : 0;
  const start = at + 2 + bytes;
  if (bytes > 6 || start > der.length) throw new Error('asn1: syntax error: data truncated');
  const end = start + (bytes ? der.readUIntBE(at + 2, bytes) : first);
  if (end > der.length) throw new Error('asn1: syntax error: data truncated');
  return { whole: der.subarray(at, end), content: der.subarray(start, end), end };
}

function elements(der: Buffer): ReturnType<typeof element>[] {
  const found: ReturnType<typeof element>[] = [];
  for (let at = 0; at < der.length; at = found.at(-1)!.end) found.push(element(der, at));
  return found;
}

/** Object identifiers of signatures, in hex; the hash that each signs, and what Go says of a signature that is not right. SHA-1 is taken of requests. */
const algorithms: Record<string, [hash: string | null, wrong: string]> = {
  '2a864886f70d010105': ['sha1', 'crypto/rsa: verification error'],
  '2a864886f70d01010b': ['sha256', 'crypto/rsa: verification error'],
  '2a864886f70d01010c': ['sha384', 'crypto/rsa: verification error'],
  '2a864886f70d01010d': ['sha512', 'crypto/rsa: verification error'],
  '2a8648ce3d0401': ['sha1', 'x509: ECDSA verification failure'],
  '2a8648ce3d040302': ['sha256', 'x509: ECDSA verification failure'],
  '2a8648ce3d040303': ['sha384', 'x509: ECDSA verification failure'],
  '2a8648ce3d040304': ['sha512', 'x509: ECDSA verification failure'],
  '2b6570': [null, 'x509: Ed25519 verification failure'],
};

function checkSignature(der: Buffer): string | undefined {
  const [info, algorithm, signature] = elements(element(der).content);
  const key = elements(info!.content)[2]!.whole;
  const known = algorithms[elements(algorithm!.content)[0]!.content.toString('hex')];
  if (!known) return 'x509: cannot verify signature: algorithm unimplemented';
  const publicKey: KeyObject = createPublicKey({ key, format: 'der', type: 'spki' });
  // The first byte of a bit string counts unused bits.
  const right = verify(known[0], info!.whole, publicKey, signature!.content.subarray(1));
  return right ? undefined : known[1];
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Why this is no certificate request; undefined when it is one. */
export function requestError(base64: string): string | undefined {
  const block = blocksOf(base64)[0];
  if (block?.type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST';
  try {
    return checkSignature(block.der);
  } catch (error) {
    // Whatever is missing in it shows as something that cannot be read.
    return error instanceof TypeError ? "asn1: structure error: tags don't match" : reason(error);
  }
}

const organization = '55040a';

/** The organizations of the subject that a request names; none when it cannot be read. */
export function organizationsOf(base64: string): string[] {
  const block = blocksOf(base64)[0];
  if (block?.type !== 'CERTIFICATE REQUEST') return [];
  try {
    const subject = elements(elements(element(block.der).content)[0]!.content)[1]!.content;
    const pairs = elements(subject).flatMap((set) => elements(set.content).map((pair) => elements(pair.content)));
    return pairs
      .filter(([id]) => id!.content.toString('hex') === organization)
      .map(([, name]) => name!.content.toString());
  } catch {
    return [];
  }
}

/** Why these are no certificates; undefined when they are, or when there is nothing. */
export function certificateError(base64: string | undefined): string | undefined {
  if (!base64) return undefined;
  const blocks = blocksOf(base64);
  if (!blocks.length) return 'must contain at least one CERTIFICATE PEM block';
  for (const { type, headers, der } of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (headers) return 'no PEM block headers are permitted';
    if (!der.length) return 'found CERTIFICATE PEM block containing 0 certificates';
    try {
      new X509Certificate(der);
    } catch {
      return 'x509: malformed certificate';
    }
  }
  return undefined;
}
