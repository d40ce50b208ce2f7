// What Go would say of a connection that failed, since people and scripts look for its words. Pure.
// Used by: reverseProxy.ts, ../kubeletClient.ts.

const afterConnect: Record<string, string> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};
const x509: Record<string, string> = {
  SELF_SIGNED_CERT_IN_CHAIN: 'x509: certificate signed by unknown authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'x509: certificate signed by unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'x509: certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
};

export function goError(error: unknown, origin: string): string {
  const { code = '', message, errors } = error as NodeJS.ErrnoException & { errors?: unknown[] };
  // Several addresses were tried: the first failure stands for all.
  if (errors?.length) return goError(errors[0], origin);
  const url = new URL(origin);
  const { address, port } = error as { address?: string; port?: number };
  const to = address ? `${address.includes(':') ? `[${address}]` : address}:${port}` : withPort(url);
  if (afterConnect[code]) return `dial tcp ${to}: ${afterConnect[code]}`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `dial tcp: lookup ${url.hostname}: no such host`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `tls: failed to verify certificate: x509: certificate is valid for ${namesOf(error)}, not ${(error as { host?: string }).host}`;
  if (x509[code]) return `tls: failed to verify certificate: ${x509[code]}`;
  if (code === 'ECONNRESET')
    return /hang up|disconnected/.test(message) ? 'EOF' : `read tcp ${to}: read: connection reset by peer`;
  if (code.startsWith('HPE_')) return `net/http: HTTP/1.x transport connection broken: malformed HTTP response`;
  if (/wrong version number|packet length too long/.test(message))
    return 'http: server gave HTTP response to HTTPS client';
  return message;
}

const withPort = (url: URL) => `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`;

const namesOf = (error: unknown): string =>
  String((error as { cert?: { subjectaltname?: string } }).cert?.subjectaltname ?? '')
    .split(', ')
    .map((name) => name.replace(/^(DNS|IP Address):/, ''))
    .join(', ');
