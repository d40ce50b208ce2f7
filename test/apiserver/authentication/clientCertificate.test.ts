// The client certificate of a connection, over a real one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createSecureServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PeerCertificate, peerCertificate } from '../../../apiserver/authentication/clientCertificate.ts';
import { issuePki } from '../../../cli/pki/issuePki.ts';

const pki = mkdtempSync(join(tmpdir(), 'mini-k8s-certificate-'));
const file = (name: string) => readFileSync(join(pki, name));
beforeAll(() => issuePki({ folder: pki, nodes: [] }));
afterAll(() => rmSync(pki, { recursive: true, force: true }));

it('is read once for all requests of an HTTP/2 session', async () => {
  const read: (PeerCertificate | undefined)[] = [];
  const tls = { cert: file('apiserver.crt'), key: file('apiserver.key'), ca: file('ca.crt') };
  const server = createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    read.push(peerCertificate(request));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const identity = { ca: file('ca.crt'), cert: file('admin.crt'), key: file('admin.key') };
  const session = connect(`https://127.0.0.1:${port}`, identity);
  for (let i = 0; i < 3; i++)
    await new Promise<void>((resolve) => session.request({ ':path': '/' }).on('end', resolve).resume());
  session.close();
  await new Promise((resolve) => server.close(resolve));
  expect(read).toHaveLength(3);
  expect(read[0]?.organizations).toContain('system:masters');
  // The very same value: reading and verifying it again takes longer than most requests.
  expect(read[1]).toBe(read[0]);
  expect(read[2]).toBe(read[0]);
});
