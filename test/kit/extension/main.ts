// A small extension API server, as upstream's sample-apiserver: wardle.example.com/v1alpha1 with flunders and fischers, in memory.
// Its own process: `node main.ts --kubeconfig F --cert F --key F --address A --port-file F`. It knows nothing of who calls and who may:
// callers.ts believes the front proxy or asks for a TokenReview, and asks for a SubjectAccessReview each time.
// Next: resources.ts serves the objects, documents.ts what there is.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { StatusError } from '../../../apimachinery/status.ts';
import { loadKubeconfig } from '../../../client/kubeconfig.ts';
import { createClient } from '../../../client/transport.ts';
import { writePortFile } from '../../../component-base/portFile.ts';
import { createCallers } from './callers.ts';
import { document } from './documents.ts';
import { createResources } from './resources.ts';
import { sendValue } from './wire.ts';

const names = ['kubeconfig', 'cert', 'key', 'address', 'port-file'] as const;
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) as never });
const flag = (name: (typeof names)[number]): string => String((values as Record<string, unknown>)[name]);

const client = createClient(await loadKubeconfig(flag('kubeconfig')));
const callers = await createCallers(client);
const resources = createResources();

async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url!, 'https://localhost');
  if (url.pathname === '/healthz') return void res.end('ok');
  const user = await callers.userOf(req);
  await callers.authorize(user, req.method!, url);
  // The hello of a protocol of its own: tells whether upgrades come through.
  if (url.pathname === '/apis/wardle.example.com/v1alpha1/whoami') return sendValue(req, res, 200, { user });
  if (url.pathname === '/apis/wardle.example.com/v1alpha1/elsewhere')
    return void res.writeHead(302, { location: 'https://192.0.2.99/' }).end();
  const found = document(url.pathname, req.headers.accept ?? '');
  if (found) return void res.writeHead(200, { 'content-type': found.type }).end(found.body);
  await resources.serve(req, res, url);
}

const server = https.createServer(
  {
    cert: readFileSync(flag('cert')),
    key: readFileSync(flag('key')),
    ca: callers.authorities,
    requestCert: true,
    rejectUnauthorized: false,
  },
  (req, res) => {
    serve(req, res).catch((error: Error) => {
      const status =
        error instanceof StatusError
          ? error.status
          : { kind: 'Status', apiVersion: 'v1', message: error.message, code: 500 };
      sendValue(req, res, status.code ?? 500, status);
    });
  },
);
/** Speaks `echo`: every byte comes back. */
server.on('upgrade', (req, socket, head) => {
  callers.userOf(req).then(
    (user) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n${user.username}:`);
      socket.write(head);
      socket.pipe(socket);
    },
    () => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n'),
  );
});
server.listen(0, flag('address'), () => writePortFile(flag('port-file'), (server.address() as AddressInfo).port));
process.once('SIGTERM', () => process.exit(0));
// Whoever started it is gone.
process.stdin.once('end', () => process.exit(0)).resume();
