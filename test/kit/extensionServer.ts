// Starts the extension API server of extension/ for a test: its own process and certificate, and the objects that lead to it.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { issuePki } from '../../cli/pki/issuePki.ts';
import type { Client } from '../../client/client.ts';
import { hostAddress } from '../../component-base/hostAddress.ts';
import { type TestApiServer, until } from './apiServer.ts';

/** An endpoint may not be a loopback address; what is sent to this one stays on the machine as well. */
const address = hostAddress() ?? '127.0.0.1';

export interface ExtensionServer {
  port: number;
  /** PEM, base64, as an APIService's caBundle. */
  caBundle: string;
  kill(): Promise<void>;
}

/** What a server needs whose extension servers are to be reached without a network for pods. */
export const aggregatorFlags = (pki: string): string[] => [
  `--requestheader-client-ca-file=${pki}/front-proxy-ca.crt`,
  '--requestheader-allowed-names=front-proxy-client',
  `--proxy-client-cert-file=${pki}/front-proxy-client.crt`,
  `--proxy-client-key-file=${pki}/front-proxy-client.key`,
  '--enable-aggregator-routing',
];

/** `service`: `<name>.<namespace>`, for the certificate. It calls the API server as `identity`. */
export async function startExtensionServer(
  server: TestApiServer,
  service: string,
  kubeconfig = server.kubeconfig,
): Promise<ExtensionServer> {
  const folder = join(server.folder, `extension-${service}`);
  const names = [`${service}.svc`];
  await issuePki({ folder, nodes: [], more: [{ file: 'serving', authority: 'ca', commonName: 'sample', names }] });
  const portFile = join(folder, 'port');
  rmSync(portFile, { force: true });
  const main = new URL('./extension/main.ts', import.meta.url).pathname;
  const args = ['--kubeconfig', kubeconfig, '--cert', `${folder}/serving.crt`, '--key', `${folder}/serving.key`];
  const child = spawn(process.execPath, [main, ...args, '--address', address, '--port-file', portFile], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await until(() => existsSync(portFile) || child.exitCode !== null, 30_000, 'the extension server');
  return {
    port: Number(readFileSync(portFile, 'utf8')),
    caBundle: readFileSync(join(folder, 'ca.crt')).toString('base64'),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The Service `sample-api` with port 7443, and the EndpointSlice that a controller would make for it. */
export async function leadTo(client: Client, namespace: string, port: number): Promise<void> {
  const ports = [{ name: 'https', port: 7443, targetPort: 443, protocol: 'TCP' }];
  await client.raw('POST', `/api/v1/namespaces/${namespace}/services`, {
    metadata: { name: 'sample-api' },
    spec: { ports },
  });
  await client.raw('POST', `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
    metadata: { name: 'sample-api', labels: { 'kubernetes.io/service-name': 'sample-api' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  });
}
