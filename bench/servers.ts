// The two servers that rows compare: ours, and the bare one that returns the very bytes that ours returns; and how to ask either.
// Used by every group that measures an API server alone. Next: load.ts, which puts load on them.
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { freePort, pause, type Started, start } from './processes.ts';

export const embedded = (folder: string): string[] => [
  '--storage-backend=embedded',
  `--embedded-file=${folder}/state.db`,
];

/** Of kubernetes-admin. */
export const tlsOf = (pki: string) => {
  const read = (name: string) => readFileSync(`${pki}/${name}`);
  return { ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') };
};

/** Our API server as `up` starts it, on the keys in `pki`, ready; with the ServiceAccount that pods ask for. */
export async function startOurs(pki: string, store: string[]): Promise<{ url: string; server: Started }> {
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const main = new URL('../apiserver/main.ts', import.meta.url).pathname;
  const args = [
    main,
    ...store,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--client-ca-file=${pki}/ca.crt`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.96.0.0/12',
  ];
  const server = await start(process.execPath, args, async () => {
    while ((await ask(url, pki, 'GET', '/readyz').catch(() => undefined))?.code !== 200) await pause(50);
  });
  await ask(url, pki, 'POST', '/api/v1/namespaces/default/serviceaccounts', '{"metadata":{"name":"default"}}');
  return { url, server };
}

/** `sample`: an object as our server returns it. `http2`, `protobuf`: also that. */
export async function startBare(
  folder: string,
  pki: string,
  sample: string,
  collection: string,
  http2 = false,
  protobuf = false,
): Promise<{ url: string; server: Started }> {
  const port = await freePort();
  const file = join(folder, 'objects');
  writeFileSync(file, sample);
  const args = [
    new URL('reference.ts', import.meta.url).pathname,
    String(port),
    `${pki}/ca.crt`,
    `${pki}/apiserver.crt`,
    `${pki}/apiserver.key`,
    file,
    collection,
    String(http2),
    String(protobuf),
  ];
  const server = await start(
    process.execPath,
    args,
    (child) => new Promise((resolve) => child.stdout!.once('data', () => resolve())),
  );
  return { url: `https://127.0.0.1:${port}`, server };
}

export function ask(
  url: string,
  pki: string,
  method: string,
  path: string,
  body?: string,
): Promise<{ code: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      method,
      ...tlsOf(pki),
      agent: false as const,
      headers: body ? { 'content-type': 'application/json' } : {},
    };
    const request = https.request(url + path, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ code: answer.statusCode ?? 0, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
