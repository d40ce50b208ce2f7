// Which files each fixed service of compose.yaml gets into its own volume, and nothing beyond: the one key of an authority that leaves
// its folder is the one with which the controllers sign.
// Reads: the folder of keys that issuePki.ts fills. Writes: a folder a service. Used by: setup.ts. Next: withIdentity.sh waits for them.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeKubeconfig } from '../cli/pki/kubeconfig.ts';
import { writePrivate } from '../cli/pki/writeFile.ts';

/** Files as they are, and kubeconfigs by the identity inside. */
const folders: Record<string, { files: string[]; kubeconfigs?: string[] }> = {
  apiserver: {
    files: [
      ...['ca.crt', 'front-proxy-ca.crt', 'apiserver.crt', 'apiserver.key', 'sa.key', 'sa.pub'],
      ...['apiserver-kubelet-client.crt', 'apiserver-kubelet-client.key'],
      ...['front-proxy-client.crt', 'front-proxy-client.key'],
    ],
  },
  // They sign what is requested as a CertificateSigningRequest, and tokens that are kept in Secrets.
  controllers: { files: ['ca.crt', 'ca.key', 'sa.key'], kubeconfigs: ['controller-manager'] },
  scheduler: { files: [], kubeconfigs: ['scheduler'] },
  join: { files: ['ca.crt'] },
};

export interface IdentityOptions {
  authorities: string;
  identities: string;
  /** Of the API server, as services reach it. */
  server: string;
}

/** Writes all of them; the file `ready` comes last, so that nobody starts with half of its keys. */
export function writeIdentityFolders(o: IdentityOptions): void {
  for (const [name, { files, kubeconfigs = [] }] of Object.entries(folders)) {
    const folder = join(o.identities, name);
    mkdirSync(folder, { recursive: true });
    for (const file of files) writePrivate(join(folder, file), readFileSync(join(o.authorities, file), 'utf8'));
    for (const identity of kubeconfigs) {
      const about = { folder: o.authorities, identity, user: identity, server: o.server, cluster: 'mini-k8s' };
      writeKubeconfig(join(folder, `${identity}.kubeconfig`), about);
    }
    if (name === 'join') joinToken(folder);
    writePrivate(join(folder, 'ready'), '');
  }
}

/** The secret with which nodes join; made once. */
export function joinToken(folder: string): string {
  const file = join(folder, 'token');
  if (!existsSync(file)) writePrivate(file, randomBytes(32).toString('base64url'));
  return readFileSync(file, 'utf8');
}
