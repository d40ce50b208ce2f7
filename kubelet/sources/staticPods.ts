// Static pods: pods from files, their names, uids and hashes, and the mirror pods that show them in the API.
// Reads: parsed manifests. Writes: pods as the rest of the kubelet takes them. Pure.
// Mirrors: pkg/kubelet/config/common.go and pkg/kubelet/types/pod_update.go. Next: files.ts, mirrorPods.ts.
import { createHash } from 'node:crypto';
import type { Pod } from '../../apimachinery/types.ts';

export const annotations = {
  source: 'kubernetes.io/config.source',
  hash: 'kubernetes.io/config.hash',
  seen: 'kubernetes.io/config.seen',
  mirror: 'kubernetes.io/config.mirror',
} as const;

export const isMirror = (pod: Pod): boolean => pod.metadata.annotations?.[annotations.mirror] !== undefined;
export const isStatic = (pod: Pod): boolean => {
  const source = pod.metadata.annotations?.[annotations.source];
  return source !== undefined && source !== 'api';
};

/** Tolerations of everything that would evict: a static pod stays where its file is. */
const tolerateAll = { operator: 'Exists', effect: 'NoExecute' };

/** `file` makes two equal manifests in different files two pods. Throws for what is no pod. */
export function staticPod(parsed: unknown, file: string, nodeName: string, seen: string): Pod {
  const pod = structuredClone(parsed) as Pod;
  if (pod?.kind !== 'Pod' || pod.apiVersion !== 'v1') throw new Error('not a v1 Pod');
  if (!pod.metadata?.name) throw new Error('the pod has no name');
  if (!pod.spec?.containers?.length) throw new Error('the pod has no containers');
  const hash = pod.metadata.uid || manifestHash(parsed, file, nodeName);
  const { metadata, spec } = pod;
  metadata.uid = hash;
  metadata.name = `${metadata.name}-${nodeName}`;
  metadata.namespace ??= 'default';
  metadata.annotations = {
    ...metadata.annotations,
    [annotations.source]: 'file',
    [annotations.hash]: hash,
    [annotations.seen]: seen,
  };
  return {
    ...pod,
    spec: withDefaults({ ...spec, nodeName, tolerations: [...(spec.tolerations ?? []), tolerateAll] }),
    status: { phase: 'Pending' } as Pod['status'],
  };
}

function manifestHash(parsed: unknown, file: string, nodeName: string): string {
  return createHash('md5')
    .update(JSON.stringify(parsed))
    .update(`host:${nodeName}`)
    .update(`file:${file}`)
    .digest('hex');
}

type Spec = NonNullable<Pod['spec']>;

/** The defaults that matter here; a pod from the API server comes with all of them. */
function withDefaults(spec: Spec): Spec {
  const container = (c: Spec['containers'][number]) => ({
    ...c,
    imagePullPolicy: c.imagePullPolicy ?? (/(^|\/)[^:@]*$|:latest$/.test(c.image ?? '') ? 'Always' : 'IfNotPresent'),
    terminationMessagePath: c.terminationMessagePath ?? '/dev/termination-log',
    terminationMessagePolicy: c.terminationMessagePolicy ?? 'File',
  });
  return {
    ...spec,
    containers: spec.containers.map(container),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(container) } : {}),
    restartPolicy: spec.restartPolicy ?? 'Always',
    dnsPolicy: spec.dnsPolicy ?? 'ClusterFirst',
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    enableServiceLinks: spec.enableServiceLinks ?? true,
    securityContext: spec.securityContext ?? {},
    schedulerName: spec.schedulerName ?? 'default-scheduler',
  };
}

/** The pod to create in the API so that the static pod shows there. `node` becomes its owner. */
export function mirrorOf(pod: Pod, node: { name: string; uid: string } | undefined): Pod {
  const hash = pod.metadata.annotations?.[annotations.hash] ?? '';
  const { name, namespace, labels } = pod.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels,
      annotations: { ...pod.metadata.annotations, [annotations.mirror]: hash },
      ...(node
        ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid, controller: true }] }
        : {}),
    },
    spec: pod.spec,
  };
}

/** Is this mirror the picture of that static pod? */
export const mirrors = (mirror: Pod, pod: Pod): boolean =>
  mirror.metadata.annotations?.[annotations.mirror] === pod.metadata.annotations?.[annotations.hash];
