// Where a pod's files lie under --root-dir, by upstream's layout.
// Reads and writes: strings. Mirrors: pkg/kubelet/kubelet_getters.go. Next: volumeManager.ts, container/mounts.ts.
import { join } from 'node:path';

export const podsDir = (root: string): string => join(root, 'pods');
export const podDir = (root: string, uid: string): string => join(podsDir(root), uid);
/** `plugin` is `kubernetes.io/empty-dir`; on disk its slash is a tilde. */
export const volumeDir = (root: string, uid: string, plugin: string, name: string): string =>
  join(podDir(root, uid), 'volumes', plugin.replace('/', '~'), name);
export const containerDir = (root: string, uid: string, container: string): string =>
  join(podDir(root, uid), 'containers', container);
export const etcHostsPath = (root: string, uid: string): string => join(podDir(root, uid), 'etc-hosts');
