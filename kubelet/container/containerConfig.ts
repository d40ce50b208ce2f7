// One container as the runtime is asked for it.
// Reads: pod, container, its environment, mounts and image. Writes: CRI ContainerConfig. Pure.
// Mirrors: pkg/kubelet/kuberuntime/kuberuntime_container.go (generateContainerConfig). Next: startContainer.ts sends it.
import type { Container, Pod } from '../../apimachinery/types.ts';
import type { Sent } from '../../cri/messages.ts';
import type { ContainerConfig, Image, Mount, Signal } from '../../cri/types.ts';
import { expand } from '../env/expand.ts';
import { containerHash } from './containerHash.ts';
import { containerResources } from './containerResources.ts';
import { containerAnnotations, containerLabels } from './labels.ts';
import { containerSecurity } from './securityContext.ts';

export interface ContainerSettings {
  restartCount: number;
  /** What the runtime knows the image by. */
  imageRef: string;
  image: Pick<Image, 'uid' | 'username'>;
  env: ReadonlyMap<string, string>;
  mounts: Sent<Mount>[];
  memoryCapacity: number;
  seccompFolder: string;
  /** The container whose processes an ephemeral container joins. */
  targetId?: string;
}

/** `<container>/<attempt>.log`, in the pod's log directory. */
export const containerLogPath = (container: string, restartCount: number): string => `${container}/${restartCount}.log`;

export function containerConfig(pod: Pod, container: Container, o: ContainerSettings): Sent<ContainerConfig> {
  const expanded = (list: string[] | undefined) => (list ?? []).map((text) => expand(text, (name) => o.env.get(name)));
  return {
    metadata: { name: container.name, attempt: o.restartCount },
    image: { image: o.imageRef, userSpecifiedImage: container.image ?? '' },
    command: expanded(container.command),
    args: expanded(container.args),
    workingDir: container.workingDir ?? '',
    envs: [...o.env].map(([key, value]) => ({ key, value })),
    mounts: o.mounts,
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, o.restartCount, containerHash(container)),
    logPath: containerLogPath(container.name, o.restartCount),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    stopSignal: (container.lifecycle?.stopSignal as Signal | undefined) ?? 'RUNTIME_DEFAULT',
    linux: {
      resources: containerResources(pod, container, o.memoryCapacity),
      securityContext: containerSecurity(pod, container, o.image, o),
    },
  };
}
