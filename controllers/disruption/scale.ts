// How many pods the owners of some pods want together: from the workloads in memory, else from the scale subresource of any other kind.
// Reads: replicationcontrollers, replicasets, deployments, statefulsets; discovery and */scale.
// Mirrors: getExpectedScale and the finders in pkg/controller/disruption/disruption.go. Used by: disruption.ts.
import {
  deployments,
  type Resource,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { KubeObject, OwnerReference, Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { controllerOf } from '../common/owners.ts';

export interface ExpectedScale {
  total: number;
  /** Names of pods that nobody controls. */
  unmanaged: string[];
}

/** Rejects when an owner is not there or cannot be scaled. */
export async function expectedScale(context: ControllerContext, pods: readonly Pod[]): Promise<ExpectedScale> {
  const scales = new Map<string, number>();
  const unmanaged: string[] = [];
  const seen = new Set<string>();
  for (const pod of pods) {
    const ref = controllerOf(pod);
    if (!ref) unmanaged.push(pod.metadata.name);
    if (!ref || seen.has(ref.uid)) continue;
    seen.add(ref.uid);
    const found = inMemory(context, ref, pod.metadata.namespace!) ?? (await asked(context, ref, pod));
    if (!found) throw new Error(`found no controllers for pod "${pod.metadata.name}"`);
    scales.set(found.uid, found.replicas);
  }
  let total = 0;
  for (const replicas of scales.values()) total += replicas;
  return { total, unmanaged };
}

interface Scaled {
  uid: string;
  replicas: number;
}

const known: { r: Resource<any>; groups: string[] }[] = [
  { r: replicationControllers, groups: [''] },
  { r: deployments, groups: ['apps', 'extensions'] },
  { r: replicaSets, groups: ['apps', 'extensions'] },
  { r: statefulSets, groups: ['apps'] },
];

const groupOf = (apiVersion: string) => (apiVersion.includes('/') ? apiVersion.split('/')[0]! : '');

function inMemory({ informers }: ControllerContext, ref: OwnerReference, namespace: string): Scaled | undefined {
  const find = ({ apiVersion, kind, name, uid }: OwnerReference): KubeObject | undefined => {
    const row = known.find(({ r, groups }) => r.kind === kind && groups.includes(groupOf(apiVersion)));
    const found = row && informers.informer(row.r).get(`${namespace}/${name}`);
    return found?.metadata.uid === uid ? found : undefined;
  };
  const owner = find(ref);
  // A ReplicaSet is one of several while its Deployment rolls; what the Deployment wants counts.
  const above = owner?.kind === 'ReplicaSet' ? controllerOf(owner) : undefined;
  const counts = above?.kind === 'Deployment' ? find(above) : owner;
  return counts && { uid: counts.metadata.uid!, replicas: counts.spec?.replicas ?? 1 };
}

/** The scale subresource. undefined: the owner is gone, or another has its name. */
async function asked({ client }: ControllerContext, ref: OwnerReference, pod: Pod): Promise<Scaled | undefined> {
  const r = await scalable(client, ref);
  try {
    const scale = await client.get(r, ref.name, pod.metadata.namespace, { subresource: 'scale' });
    return scale.metadata.uid === ref.uid ? { uid: ref.uid, replicas: scale.spec?.replicas ?? 0 } : undefined;
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

interface Listed {
  name: string;
  kind: string;
  namespaced: boolean;
}

async function scalable(client: Client, { apiVersion, kind }: OwnerReference): Promise<Resource> {
  const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const none = () => new Error(`no matches for kind "${kind}" in version "${apiVersion}"`);
  const list = await client.raw<{ resources?: Listed[] }>('GET', path).catch((error) => {
    throw isReason(error, 'NotFound') ? none() : error;
  });
  const served = list.resources ?? [];
  const own = served.find((r) => r.kind === kind && !r.name.includes('/'));
  if (!own) throw none();
  const group = groupOf(apiVersion);
  if (!served.some((r) => r.name === `${own.name}/scale` && r.kind === 'Scale'))
    throw new Error(`${group ? `${own.name}.${group}` : own.name} does not implement the scale subresource`);
  const version = apiVersion.split('/').at(-1)!;
  return { group, version, plural: own.name, kind, namespaced: own.namespaced };
}
