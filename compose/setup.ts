// The setup service of compose.yaml: makes the cluster's keys, hands each fixed service its own, and lets nodes join.
// It alone can read the keys of the authorities, but for the one that the controllers sign with.
// Writes: the identity volumes, the admin's kubeconfig in a folder of the host.
// Next: identityFolders.ts, joinServer.ts; withIdentity.sh and join.ts wait for what is made here.
import { chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { PkiOptions } from '../cli/pki/identities.ts';
import { issuePki } from '../cli/pki/issuePki.ts';
import { writeKubeconfig } from '../cli/pki/kubeconfig.ts';
import { applyManifests, readManifests } from '../cli/up/applyManifests.ts';
import { loadKubeconfig } from '../client/kubeconfig.ts';
import { createClient } from '../client/transport.ts';
import type { Config, Flags } from '../component-base/flags.ts';
import { createLogger } from '../component-base/logger.ts';
import { runMain } from '../component-base/main.ts';
import { joinToken, writeIdentityFolders } from './identityFolders.ts';
import { createJoinServer } from './joinServer.ts';

const flags = {
  authorities: { type: 'string', default: '/authorities', help: 'Folder of all keys, read by nobody else.' },
  identities: { type: 'string', default: '/identities', help: 'Folder with a volume for each service.' },
  host: { type: 'string', default: '/host', help: 'Folder of the host that gets the kubeconfig.' },
  server: { type: 'string', default: 'https://apiserver:6443', help: 'The API server as services reach it.' },
  port: { type: 'int', default: 6443, help: 'The port of loopback at which the host reaches the API server.' },
  'join-port': { type: 'int', default: 8443, help: 'Where nodes ask for an identity.' },
  v: { type: 'int', default: 0, help: 'Log verbosity.' },
} as const satisfies Flags;

type SetupConfig = Config<typeof flags>;

async function run(config: SetupConfig, signal: AbortSignal): Promise<void> {
  const log = createLogger('setup', config.v);
  const pki: PkiOptions = {
    folder: config.authorities,
    nodes: [],
    names: [new URL(config.server).hostname],
    more: [{ file: 'setup', authority: 'ca', commonName: 'mini-k8s-setup', names: ['setup', 'localhost'] }],
  };
  const made = await issuePki(pki);
  if (made.length) log.info({ made }, 'made keys and certificates');
  writeIdentityFolders(config);
  writeHostKubeconfig(config);
  const token = joinToken(join(config.identities, 'join'));
  const server = createJoinServer({ pki, token, server: config.server });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(config['join-port'], resolve));
  log.info({ port: config['join-port'] }, 'nodes may join');
  await seed(config, signal, log);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  server.closeAllConnections();
}

/** The file belongs to whom the folder belongs to, so that a person who is not root can read it. */
function writeHostKubeconfig(config: SetupConfig): void {
  const about = { folder: config.authorities, identity: 'admin', user: 'kubernetes-admin', cluster: 'mini-k8s' };
  const file = join(config.host, 'kubeconfig');
  writeKubeconfig(file, { ...about, server: `https://127.0.0.1:${config.port}` });
  const { uid, gid } = statSync(config.host);
  chownSync(file, uid, gid);
}

async function seed(config: SetupConfig, signal: AbortSignal, log: ReturnType<typeof createLogger>): Promise<void> {
  const own = join(config.authorities, 'admin.kubeconfig');
  const about = { folder: config.authorities, identity: 'admin', user: 'kubernetes-admin', cluster: 'mini-k8s' };
  writeKubeconfig(own, { ...about, server: config.server });
  const objects = readManifests(new URL('../manifests', import.meta.url).pathname);
  const client = createClient(await loadKubeconfig(own), { component: 'setup', signal });
  while (!signal.aborted) {
    try {
      await applyManifests(client, objects, 'mini-k8s-setup');
      log.info({ objects: objects.length }, 'manifests are applied');
      break;
    } catch (error) {
      log.info({ error: (error as Error).message }, 'waiting for the API server');
      await pause(1000 + Math.random() * 1000, undefined, { signal }).catch(() => {});
    }
  }
  client.close();
}

runMain(import.meta, {
  name: 'mini-k8s-setup',
  usage: "Makes a compose cluster's keys, hands them out, and lets nodes join.",
  flags,
  run,
});
