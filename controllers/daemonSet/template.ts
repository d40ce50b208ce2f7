// What a daemon pod looks like: the template, the labels of its revision, the tolerations that every daemon has, and its one node.
// Pure. Mirrors: CreatePodTemplate, AddOrUpdateDaemonPodTolerations and ReplaceDaemonSetPodNodeNameNodeAffinity in
// pkg/controller/daemon/util/daemonset_util.go. Used by: daemonSet.ts, nodes.ts. Next: the scheduler, which binds it to that node.
import type { Affinity, DaemonSet, Pod, PodSpec, PodTemplateSpec, Toleration } from '../../apimachinery/types.ts';

export const hashLabel = 'controller-revision-hash';
const generationLabel = 'pod-template-generation';
const generationAnnotation = 'deprecated.daemonset.template.generation';

const everyDaemon: Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];
/** Network agents themselves run in the host's network: they must come before there is another. */
const hostNetworkDaemon: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};

/** Those of the template and those of every daemon; one that differs only in its seconds is replaced. */
export function daemonTolerations(spec: PodSpec | undefined): Toleration[] {
  const all = [...(spec?.tolerations ?? [])];
  for (const added of spec?.hostNetwork ? [...everyDaemon, hostNetworkDaemon] : everyDaemon) {
    const at = all.findIndex((t) => isSame(t, added));
    if (at < 0) all.push(added);
    else all[at] = added;
  }
  return all;
}

const isSame = (a: Toleration, b: Toleration) =>
  a.key === b.key && a.effect === b.effect && a.operator === b.operator && (a.value ?? '') === (b.value ?? '');

/** undefined when the annotation is absent or no number. */
export function templateGeneration(ds: DaemonSet): string | undefined {
  const text = ds.metadata.annotations?.[generationAnnotation];
  return text !== undefined && /^-?\d+$/.test(text) ? text : undefined;
}

export function daemonTemplate(ds: DaemonSet, hash: string): PodTemplateSpec {
  const { metadata, spec } = ds.spec!.template;
  const generation = templateGeneration(ds);
  const labels = {
    ...metadata?.labels,
    ...(generation === undefined ? {} : { [generationLabel]: generation }),
    ...(hash ? { [hashLabel]: hash } : {}),
  };
  return { metadata: { ...metadata, labels }, spec: { ...spec!, tolerations: daemonTolerations(spec) } };
}

/** The same template for this node alone: the scheduler may choose no other. */
export function forNode(template: PodTemplateSpec, node: string): PodTemplateSpec {
  return { ...template, spec: { ...template.spec!, affinity: onlyOn(template.spec?.affinity, node) } };
}

function onlyOn(affinity: Affinity | undefined, node: string): Affinity {
  const nodeSelectorTerms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }];
  const nodeAffinity = {
    ...affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
  };
  return { ...affinity, nodeAffinity };
}

/** The node that a daemon pod is on or is meant for; undefined when it says none. */
export function targetNode(pod: Pod): string | undefined {
  if (pod.spec?.nodeName) return pod.spec.nodeName;
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  for (const field of terms?.flatMap((t) => t.matchFields ?? []) ?? [])
    if (field.key === 'metadata.name' && field.operator === 'In' && field.values?.length === 1) return field.values[0];
  return undefined;
}

/** Made from the present template. */
export function isUpdated(pod: Pod, ds: DaemonSet, hash: string): boolean {
  const labels = pod.metadata.labels;
  const generation = templateGeneration(ds);
  if (generation !== undefined && labels?.[generationLabel] === generation) return true;
  return hash !== '' && labels?.[hashLabel] === hash;
}
