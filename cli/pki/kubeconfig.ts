// A kubeconfig with everything inside: the server, its authority, the client's certificate and key.
// Reads the PKI folder; writes one file, 0600. Mirrors: cmd/kubeadm/app/util/kubeconfig.
// Next: kubectl, and every component through --kubeconfig.
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writePrivate } from './writeFile.ts';

export interface KubeconfigOptions {
  /** The PKI folder, and the client's files in it without their endings. */
  folder: string;
  identity: string;
  /** `https://127.0.0.1:6443`. */
  server: string;
  cluster: string;
  user: string;
}

/** Writes the file when it says something new. */
export function writeKubeconfig(file: string, options: KubeconfigOptions): void {
  mkdirSync(dirname(file), { recursive: true });
  writePrivate(file, kubeconfigText(options));
}

/** JSON is YAML: kubectl reads it, and our components need no parser for YAML in memory. */
export function kubeconfigText({ folder, identity, server, cluster, user }: KubeconfigOptions): string {
  const data = (name: string) => readFileSync(join(folder, name)).toString('base64');
  const context = `${user}@${cluster}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { 'certificate-authority-data': data('ca.crt'), server } }],
    users: [
      {
        name: user,
        user: { 'client-certificate-data': data(`${identity}.crt`), 'client-key-data': data(`${identity}.key`) },
      },
    ],
    contexts: [{ name: context, context: { cluster, user } }],
    'current-context': context,
    preferences: {},
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
