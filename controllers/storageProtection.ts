// A claim, a volume or a volume attributes class that is deleted stays for as long as something uses it; then its finalizer goes.
// Reads: Pods, claims, volumes, classes. Writes: metadata.finalizers of the last three. Three controllers of one shape.
// Mirrors: pkg/controller/volume/{pvcprotection,pvprotection,vacprotection}. Comes after: the API server's StorageObjectInUseProtection.

import { isPodTerminal } from '../apimachinery/podUtil.ts';
import {
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type Resource,
  volumeAttributesClasses,
} from '../apimachinery/resources.ts';
import { claimsOf } from '../apimachinery/storage/podVolumes.ts';
import type { KubeObject, Pod } from '../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Watch, watch } from '../client/controller.ts';
import { claimKeysOf } from './common/podsOfClaims.ts';

interface Protection {
  name: string;
  serviceAccount: string;
  resource: Resource<any>;
  finalizer: string;
  /** What else than the object itself may end its use. */
  users: Watch<any>[];
  isUsed(object: any, context: ControllerContext): boolean;
}

/** The finalizers that an object should have now; undefined when it has them. */
export function planFinalizers(object: KubeObject, finalizer: string, isUsed: () => boolean): string[] | undefined {
  const { finalizers = [], deletionTimestamp } = object.metadata;
  const has = finalizers.includes(finalizer);
  if (!deletionTimestamp) return has ? undefined : [...finalizers, finalizer];
  return has && !isUsed() ? finalizers.filter((f) => f !== finalizer) : undefined;
}

const keyOf = ({ metadata: { name, namespace } }: KubeObject) => (namespace ? `${namespace}/${name}` : name);

const protect = ({ name, serviceAccount, resource, finalizer, users, isUsed }: Protection): Controller => ({
  name,
  serviceAccount,
  watches: [watch({ resource, keys: (object: KubeObject) => [keyOf(object)] }), ...users],
  workers: 1,
  async reconcile(key, context) {
    const object = context.informers.informer(resource).get(key) as KubeObject | undefined;
    const finalizers = object && planFinalizers(object, finalizer, () => isUsed(object, context));
    if (!finalizers) return;
    await context.client.update(resource, { ...object, metadata: { ...object.metadata, finalizers } });
  },
});

/** A pod that is on no node yet will not get a claim that is going; one that has ended needs none. */
export const uses = (pod: Pod, claim: KubeObject): boolean =>
  pod.metadata.namespace === claim.metadata.namespace &&
  Boolean(pod.spec?.nodeName) &&
  !isPodTerminal(pod) &&
  claimsOf(pod).some(({ name }) => name === claim.metadata.name);

const all = <T extends KubeObject>({ informers }: ControllerContext, r: Resource<T>) =>
  informers.informer(r).list() as T[];

export const claimProtection = protect({
  name: 'persistentvolumeclaim-protection-controller',
  serviceAccount: 'pvc-protection-controller',
  resource: persistentVolumeClaims,
  finalizer: 'kubernetes.io/pvc-protection',
  users: [watch({ resource: pods, keys: claimKeysOf })],
  isUsed: (claim, { informers }) =>
    informers
      .informer(pods)
      .list(claim.metadata.namespace)
      .some((pod) => uses(pod, claim)),
});

export const volumeProtection = protect({
  name: 'persistentvolume-protection-controller',
  serviceAccount: 'pv-protection-controller',
  resource: persistentVolumes,
  finalizer: 'kubernetes.io/pv-protection',
  users: [],
  isUsed: (volume) => volume.status?.phase === 'Bound',
});

/** The classes that a claim or a volume has, has had until now, or is about to get. */
export const classesOf = ({ spec, status }: any): string[] =>
  [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter(Boolean);

export const classProtection = protect({
  name: 'volumeattributesclass-protection-controller',
  serviceAccount: 'volumeattributesclass-protection-controller',
  resource: volumeAttributesClasses,
  finalizer: 'kubernetes.io/vac-protection',
  users: [persistentVolumeClaims, persistentVolumes].map((resource: Resource<any>) =>
    watch({ resource, keys: classesOf }),
  ),
  isUsed: ({ metadata: { name } }, context) =>
    [...all(context, persistentVolumeClaims), ...all(context, persistentVolumes)].some((o) =>
      classesOf(o).includes(name),
    ),
});
