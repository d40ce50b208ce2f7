// `mini-k8s trace KIND/NAME`: what followed from an object, each hop with who wrote it and its recorded cause.
// Reads the API server's journal and nothing else: no Events, no ownerReferences. Next: ../trace/causalTree.ts and printTree.ts.
import { isReason } from '../../apimachinery/status.ts';
import { type WriteRecord, writes } from '../../apimachinery/trace.ts';
import type { Client } from '../../client/client.ts';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { createClient } from '../../client/transport.ts';
import { UsageError } from '../../component-base/flags.ts';
import { clusterFlags, findCluster, readFlags } from '../flags.ts';
import { causalTree, stateId, type Target } from '../trace/causalTree.ts';
import { hopLine, printTree } from '../trace/printTree.ts';

const flags = {
  ...clusterFlags,
  n: { type: 'string', default: '', help: 'Namespace of the object (short for --namespace).' },
  namespace: { type: 'string', default: 'default', help: 'Namespace of the object.' },
  follow: { type: 'bool', default: false, help: 'Go on printing hops as they happen.' },
} as const;

export async function run(args: readonly string[]): Promise<number> {
  const { config, set, rest } = readFlags(
    'What followed from an object: mini-k8s trace KIND/NAME [-n NAMESPACE] [--follow]',
    flags,
    args,
    true,
  );
  const [kind = '', name = '', ...more] = (rest.length === 2 ? rest.join('/') : (rest[0] ?? '')).split('/');
  if (!kind || !name || more.length || rest.length > 2)
    throw new UsageError('name one object to trace, such as: mini-k8s trace deployment/web');
  const client = createClient(await loadKubeconfig(findCluster(config, set).kubeconfig), { component: 'mini-k8s' });
  try {
    const target = await targetOf(client, kind, name, config.n || config.namespace);
    const seen = await journal(client);
    const tree = causalTree(seen.items, target);
    for (const line of printTree(tree)) process.stdout.write(`${line}\n`);
    if (!tree.length && !config.follow) {
      process.stderr.write(
        `No write of ${kind}/${name} is in the journal: it was never written, or so long ago that its records were let go.\n`,
      );
      return 1;
    }
    if (config.follow) await follow(client, target, seen.items, seen.metadata.resourceVersion ?? '');
    return 0;
  } finally {
    client.close();
  }
}

/** The journal, or one sentence when the server keeps none. */
async function journal(client: Client) {
  try {
    return await client.list(writes);
  } catch (error) {
    if (isReason(error, 'NotFound') || (error as { code?: number }).code === 404) {
      throw new UsageError(
        'this API server keeps no journal of writes: trace works with the API server of mini-k8s alone.',
      );
    }
    if (isReason(error, 'Forbidden'))
      throw new UsageError(`${(error as Error).message}. Use a kubeconfig that may list writes.trace.mini-k8s.io.`);
    throw new UsageError(
      `cannot reach the API server: ${(error as Error).message}. Start the cluster with: mini-k8s up`,
    );
  }
}

interface DiscoveredResource {
  name: string;
  singularName: string;
  shortNames?: string[];
  kind: string;
  namespaced: boolean;
}

/** KIND as kubectl takes it: plural, singular, short name or kind, with or without its group. */
async function targetOf(client: Client, kind: string, name: string, namespace: string): Promise<Target> {
  const [word = '', ...groupParts] = kind.toLowerCase().split('.');
  const group = groupParts.join('.');
  for (const [apiVersion, path] of await groupVersions(client)) {
    const ownGroup = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
    if (group && group !== ownGroup) continue;
    const { resources } = await client.raw<{ resources: DiscoveredResource[] }>('GET', path);
    const found = resources.find(
      (r) =>
        !r.name.includes('/') && [r.name, r.singularName, r.kind.toLowerCase(), ...(r.shortNames ?? [])].includes(word),
    );
    if (found)
      return {
        resource: ownGroup ? `${found.name}.${ownGroup}` : found.name,
        namespace: found.namespaced ? namespace : '',
        name,
      };
  }
  throw new UsageError(`the server has no kind "${kind}"; see: mini-k8s kubectl -- api-resources`);
}

async function groupVersions(client: Client): Promise<[string, string][]> {
  try {
    const { groups } = await client.raw<{ groups: { preferredVersion: { groupVersion: string } }[] }>('GET', '/apis');
    return [
      ['v1', '/api/v1'],
      ...groups.map(({ preferredVersion: { groupVersion } }): [string, string] => [
        groupVersion,
        `/apis/${groupVersion}`,
      ]),
    ];
  } catch (error) {
    throw new UsageError(
      `cannot reach the API server: ${(error as Error).message}. Start the cluster with: mini-k8s up`,
    );
  }
}

/** Prints each later hop as it comes, flat: its cause stands on the line. */
async function follow(client: Client, target: Target, before: readonly WriteRecord[], from: string): Promise<void> {
  const records = [...before];
  const start = Date.parse(causalTree(records, target)[0]?.record.time ?? new Date().toISOString());
  const known = new Set(reached(records, target));
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  for await (const event of client.watch(writes, { resourceVersion: from }, stop.signal)) {
    if (event.type !== 'ADDED') continue;
    records.push(event.object);
    for (const hop of flatten(causalTree(records, target))) {
      if (known.has(idOf(hop.record))) continue;
      known.add(idOf(hop.record));
      process.stdout.write(`${hopLine(hop, '', start)}\n`);
    }
  }
}

const idOf = (r: WriteRecord) => `${stateId(r)}|${r.metadata.name}`;
const reached = (records: readonly WriteRecord[], target: Target) =>
  flatten(causalTree(records, target)).map((h) => idOf(h.record));
const flatten = (hops: ReturnType<typeof causalTree>): ReturnType<typeof causalTree> =>
  hops.flatMap((h) => [h, ...flatten(h.children)]);
