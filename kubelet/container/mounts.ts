// What a container sees at which path: its volumeMounts, /etc/hosts, and the file for its last words.
// Reads: pod, container, mounted volumes, environment (for subPathExpr). Writes: CRI mounts; makes subPaths and files.
// Mirrors: pkg/kubelet/kubelet_pods.go (makeMounts), kuberuntime_container.go. Next: containerConfig.ts.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod, VolumeMount } from '../../apimachinery/types.ts';
import type { Sent } from '../../cri/messages.ts';
import type { Mount, MountPropagation } from '../../cri/types.ts';
import { expandStrict } from '../env/expand.ts';
import { etcHosts } from '../network/etcHosts.ts';
import { containerDir, etcHostsPath, podDir } from '../volumes/paths.ts';
import { checkSubPath, prepareSubPath } from '../volumes/subPath.ts';
import type { MountedVolumes } from '../volumes/volumeManager.ts';

export interface MountSettings {
  rootDir: string;
  clusterDomain: string;
  podIPs: string[];
  /** The node's own /etc/hosts. */
  hostFile: string;
  volumes: MountedVolumes;
  env: ReadonlyMap<string, string>;
}

const propagation: Record<string, MountPropagation> = {
  None: 'PROPAGATION_PRIVATE',
  HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  Bidirectional: 'PROPAGATION_BIDIRECTIONAL',
};

/** Throws the text of CreateContainerConfigError. */
export async function containerMounts(pod: Pod, container: Container, o: MountSettings): Promise<Sent<Mount>[]> {
  const mounts: Sent<Mount>[] = [];
  for (const m of container.volumeMounts ?? []) mounts.push(await volumeMount(pod, container, m, o));
  if (!(container.volumeMounts ?? []).some((m) => m.mountPath === '/etc/hosts')) mounts.push(await hostsMount(pod, o));
  if (container.terminationMessagePath) mounts.push(await terminationMount(pod, container, o.rootDir));
  return mounts;
}

async function volumeMount(pod: Pod, container: Container, m: VolumeMount, o: MountSettings): Promise<Sent<Mount>> {
  const volume = o.volumes.get(m.name);
  if (!volume) {
    throw new Error(`cannot find volume "${m.name}" to mount into container "${container.name}"`);
  }
  const subPath = m.subPathExpr ? expandStrict(m.subPathExpr, (name) => o.env.get(name)) : (m.subPath ?? '');
  if (subPath) checkSubPath(subPath);
  const hostPath = subPath
    ? await prepareSubPath(volume, subPath, 0o777 & ~process.umask()).catch((error: Error) => {
        throw new Error(
          `failed to prepare subPath for volumeMount "${m.name}" of container "${container.name}": ${error.message}`,
        );
      })
    : volume;
  const readOnlyVolume = isReadOnlyVolume(pod, m.name);
  return {
    hostPath,
    containerPath: m.mountPath.startsWith('/') ? m.mountPath : join('/', m.mountPath),
    readonly: m.readOnly === true || readOnlyVolume,
    propagation: propagation[m.mountPropagation ?? 'None'] ?? 'PROPAGATION_PRIVATE',
  };
}

/** Files that the kubelet keeps current are not for containers to write, nor is a claim that is asked for so. */
function isReadOnlyVolume(pod: Pod, name: string): boolean {
  const v = pod.spec?.volumes?.find((x) => x.name === name);
  return !!(v?.configMap || v?.secret || v?.projected || v?.downwardAPI || v?.persistentVolumeClaim?.readOnly);
}

async function hostsMount(pod: Pod, o: MountSettings): Promise<Sent<Mount>> {
  const uid = pod.metadata.uid ?? '';
  const path = etcHostsPath(o.rootDir, uid);
  await mkdir(podDir(o.rootDir, uid), { recursive: true });
  await writeFile(path, etcHosts(pod, o.podIPs, o.clusterDomain, o.hostFile));
  await chmod(path, 0o644);
  return { hostPath: path, containerPath: '/etc/hosts', readonly: false };
}

/** A new file for each start; any user may write it. */
async function terminationMount(pod: Pod, container: Container, rootDir: string): Promise<Sent<Mount>> {
  const directory = containerDir(rootDir, pod.metadata.uid ?? '', container.name);
  await mkdir(directory, { recursive: true });
  const path = join(directory, randomBytes(4).toString('hex'));
  await writeFile(path, '');
  await chmod(path, 0o666);
  return { hostPath: path, containerPath: container.terminationMessagePath, readonly: false };
}
