// The labels and annotations by which sandboxes and containers are recognised after a restart of the kubelet.
// Reads: pod and container. Writes: CRI labels and annotations, and what can be read back from them.
// Mirrors: pkg/kubelet/kuberuntime/labels.go and pkg/kubelet/types/labels.go. Next: inspect.ts, containerConfig.ts.
import type { Container, Pod } from '../../apimachinery/types.ts';

export const labelNames = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
} as const;

const annotationNames = {
  hash: 'io.kubernetes.container.hash',
  restartCount: 'io.kubernetes.container.restartCount',
  terminationMessagePath: 'io.kubernetes.container.terminationMessagePath',
  terminationMessagePolicy: 'io.kubernetes.container.terminationMessagePolicy',
  preStopHandler: 'io.kubernetes.container.preStopHandler',
  ports: 'io.kubernetes.container.ports',
  deletionGracePeriod: 'io.kubernetes.pod.deletionGracePeriod',
  terminationGracePeriod: 'io.kubernetes.pod.terminationGracePeriod',
} as const;

type Labels = Record<string, string>;

/** A pod's own labels, and over them the three that name it. */
export const sandboxLabels = (pod: Pod): Labels => ({
  ...pod.metadata.labels,
  [labelNames.podName]: pod.metadata.name,
  [labelNames.podNamespace]: pod.metadata.namespace ?? '',
  [labelNames.podUid]: pod.metadata.uid ?? '',
});

export const containerLabels = (pod: Pod, container: Container): Labels => ({
  [labelNames.podName]: pod.metadata.name,
  [labelNames.podNamespace]: pod.metadata.namespace ?? '',
  [labelNames.podUid]: pod.metadata.uid ?? '',
  [labelNames.containerName]: container.name,
});

/** What a restarted kubelet must know of a container when the pod itself may be gone from the API server. */
export function containerAnnotations(pod: Pod, container: Container, restartCount: number, hash: string): Labels {
  const { deletionGracePeriodSeconds } = pod.metadata;
  const grace = pod.spec?.terminationGracePeriodSeconds;
  const preStop = container.lifecycle?.preStop;
  return {
    [annotationNames.hash]: hash,
    [annotationNames.restartCount]: String(restartCount),
    [annotationNames.terminationMessagePath]: container.terminationMessagePath ?? '',
    [annotationNames.terminationMessagePolicy]: container.terminationMessagePolicy ?? '',
    ...(deletionGracePeriodSeconds != null
      ? { [annotationNames.deletionGracePeriod]: String(deletionGracePeriodSeconds) }
      : {}),
    ...(grace != null ? { [annotationNames.terminationGracePeriod]: String(grace) } : {}),
    ...(preStop ? { [annotationNames.preStopHandler]: JSON.stringify(preStop) } : {}),
    ...(container.ports?.length ? { [annotationNames.ports]: JSON.stringify(container.ports) } : {}),
  };
}

export interface AnnotatedContainer {
  hash: string;
  restartCount: number;
  terminationMessagePath: string;
  terminationMessagePolicy: string;
  terminationGracePeriodSeconds?: number;
}

export function readContainerAnnotations(annotations: Labels): AnnotatedContainer {
  const grace = annotations[annotationNames.terminationGracePeriod];
  return {
    hash: annotations[annotationNames.hash] ?? '',
    restartCount: Number(annotations[annotationNames.restartCount] ?? 0) || 0,
    terminationMessagePath: annotations[annotationNames.terminationMessagePath] ?? '',
    terminationMessagePolicy: annotations[annotationNames.terminationMessagePolicy] ?? '',
    ...(grace !== undefined ? { terminationGracePeriodSeconds: Number(grace) } : {}),
  };
}
