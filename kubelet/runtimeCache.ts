// What the runtime said last of each pod, asked again only when something may have changed.
// Reads: container/inspect.ts. Writes: CRI RemoveContainer and RemovePodSandbox when a pod is forgotten.
// Mirrors: pkg/kubelet/container/cache.go. Next: podSync.ts; invalidated by pleg.ts.
import type { Pod } from '../apimachinery/types.ts';
import { isNotFound } from '../cri/error.ts';
import { inspectPod, type PodName } from './container/inspect.ts';
import type { PodRecord } from './container/records.ts';
import { podLogDirectory } from './container/sandboxConfig.ts';
import type { KubeletContext } from './context.ts';

export interface RuntimeCache {
  get(pod: Pod): Promise<PodRecord>;
  /** The record if it is known without asking. */
  peek(uid: string): PodRecord | undefined;
  invalidate(uid: string): void;
  /** Removes all containers, then all sandboxes of a pod that has ended. */
  remove(pod: Pod): Promise<void>;
}

export function createRuntimeCache(k: KubeletContext): RuntimeCache {
  const records = new Map<string, PodRecord>();
  /** Counts invalidations, so that an answer asked for before one is not kept. */
  const versions = new Map<string, number>();

  async function inspect(pod: Pod): Promise<PodRecord> {
    const uid = pod.metadata.uid ?? '';
    const version = versions.get(uid) ?? 0;
    const record = await inspectPod(k.cri, nameOf(pod), podLogDirectory(k.config.podLogsDir, pod));
    if ((versions.get(uid) ?? 0) === version) records.set(uid, record);
    return record;
  }

  const invalidate = (uid: string) => {
    records.delete(uid);
    versions.set(uid, (versions.get(uid) ?? 0) + 1);
  };

  return {
    get: async (pod) => records.get(pod.metadata.uid ?? '') ?? inspect(pod),
    peek: (uid) => records.get(uid),
    invalidate,
    async remove(pod) {
      const uid = pod.metadata.uid ?? '';
      invalidate(uid);
      const record = await inspect(pod);
      for (const c of record.containers) await gone(k.cri.runtime.removeContainer({ containerId: c.id }));
      for (const s of record.sandboxes) await gone(k.cri.runtime.removePodSandbox({ podSandboxId: s.id }));
      records.delete(uid);
      versions.delete(uid);
    },
  };
}

const nameOf = (pod: Pod): PodName => ({
  uid: pod.metadata.uid ?? '',
  name: pod.metadata.name,
  namespace: pod.metadata.namespace ?? '',
});

async function gone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
