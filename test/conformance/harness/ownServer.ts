// HTTPS servers of the rows' own, which the API server calls: on loopback, or where --address says it reaches this machine.
// Writes a throw-away PKI. Used by the rows of conversion webhooks; called by the API server.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issuePki } from '../../../cli/pki/issuePki.ts';
import type { Context } from './context.ts';

export interface OwnServer {
  /** `https://127.0.0.1:1234` */
  url: string;
  /** base64 PEM, as clientConfig takes it. */
  caBundle: string;
}

/** Answers each POST of JSON with what `answer` makes of it. Ends with the row. */
export async function ownServer(c: Context, answer: (path: string, body: any) => any): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mini-k8s-conformance-'));
  await issuePki({ folder, nodes: [], names: [c.address] });
  const read = (name: string) => readFileSync(join(folder, name));
  const ca = read('ca.crt');
  const server = createServer({ cert: read('apiserver.crt'), key: read('apiserver.key') }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.stringify(answer(request.url ?? '/', JSON.parse(Buffer.concat(chunks).toString() || '{}')));
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
  });
  rmSync(folder, { recursive: true, force: true });
  await new Promise<void>((resolve) => server.listen(0, c.address, resolve));
  c.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://${c.address}:${(server.address() as AddressInfo).port}`, caBundle: ca.toString('base64') };
}
