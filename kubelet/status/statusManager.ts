// Keeps the API server's pod statuses what the kubelet has computed, and deletes a pod once it has ended for good.
// Reads: statuses from podSync.ts, pods as the API server has them. Writes: PATCH pods/status, DELETE with grace 0.
// Mirrors: pkg/kubelet/status/status_manager.go.
import type { Cause } from '../../apimachinery/cause.ts';
import { pods } from '../../apimachinery/resources.ts';
import { isReason, StatusError } from '../../apimachinery/status.ts';
import type { Pod, PodStatus } from '../../apimachinery/types.ts';
import { currentCauses, mergeCauses, withCauses } from '../../client/causes.ts';
import type { KubeletContext } from '../context.ts';
import { isMirror } from '../sources/staticPods.ts';
import { hasEnded } from './podStatus.ts';
import { statusPatch } from './statusPatch.ts';

export interface StatusManager {
  get(uid: string): PodStatus | undefined;
  /** Notes the status; it is written soon, with the causes of the work that found it. */
  set(pod: Pod, status: PodStatus): void;
  /** All that the pod had here is gone: if it is being deleted, its object may go too. */
  finished(uid: string): void;
  /** The API server's copy of the pod (for a static pod: its mirror) has changed. */
  observed(pod: Pod): void;
  forget(uid: string): void;
  /** Resolves when nothing is being written. */
  flush(): Promise<void>;
}

interface Entry {
  uid: string;
  status?: PodStatus;
  finished: boolean;
  /** The pod as the API server last said it is. */
  remote?: Pod;
  dirty: boolean;
  causes: readonly Cause[];
  writing?: Promise<void>;
}

const firstRetry = 1000;
const lastRetry = 10_000;

/** `apiPod` finds the object to write to: the pod itself, or the mirror of a static pod. */
export function createStatusManager(k: KubeletContext, apiPod: (uid: string) => Pod | undefined): StatusManager {
  const entries = new Map<string, Entry>();
  const entryOf = (uid: string): Entry => {
    const found = entries.get(uid);
    if (found) return found;
    const entry: Entry = { uid, finished: false, dirty: false, causes: [] };
    entries.set(uid, entry);
    return entry;
  };

  function touch(entry: Entry): void {
    entry.dirty = true;
    entry.causes = mergeCauses(entry.causes, currentCauses());
    entry.writing ??= write(entry).finally(() => {
      entry.writing = undefined;
    });
  }

  /** Writes until what is wanted is there. One writer a pod, so writes cannot overtake each other. */
  async function write(entry: Entry): Promise<void> {
    let wait = firstRetry;
    while (entry.dirty && k.client) {
      entry.dirty = false;
      const { causes } = entry;
      entry.causes = [];
      try {
        await withCauses(causes, () => writeOnce(entry));
      } catch (error) {
        if (error instanceof StatusError && error.code < 500 && error.code !== 429) {
          k.log.warn({ uid: entry.uid, error: error.message }, 'status refused');
          return;
        }
        entry.dirty = entries.has(entry.uid);
        entry.causes = mergeCauses(causes, entry.causes);
        await new Promise<void>((resolve) => k.clock.setTimeout(resolve, wait));
        wait = Math.min(wait * 2, lastRetry);
      }
    }
  }

  async function writeOnce(entry: Entry): Promise<void> {
    const remote = newer(entry.remote, apiPod(entry.uid));
    if (!remote) return;
    const { name, namespace, uid } = remote.metadata;
    try {
      if (endedElsewhere(entry, remote)) return;
      const patch = entry.status && statusPatch(remote.status ?? ({} as PodStatus), entry.status);
      if (patch) {
        const body = { metadata: { uid }, status: patch };
        entry.remote = await k.client!.patch(pods, name, namespace, 'strategic', body, { subresource: 'status' });
      }
      if (!canDelete(entry, entry.remote ?? remote)) return;
      await k.client!.delete(pods, name, namespace, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      // Gone, or another pod of that name: nothing to report to.
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error;
    }
  }

  return {
    get: (uid) => entries.get(uid)?.status,
    set(pod, status) {
      const entry = entryOf(pod.metadata.uid ?? '');
      entry.status = status;
      touch(entry);
    },
    finished(uid) {
      const entry = entryOf(uid);
      entry.finished = true;
      touch(entry);
    },
    observed(pod) {
      const entry = entries.get(pod.metadata.uid ?? '');
      if (!entry?.status) return;
      const remote = newer(entry.remote, pod)!;
      if (endedElsewhere(entry, remote)) return;
      if (statusPatch(remote.status ?? ({} as PodStatus), entry.status) || canDelete(entry, remote)) touch(entry);
    },
    forget(uid) {
      entries.delete(uid);
    },
    async flush() {
      await Promise.all([...entries.values()].map((e) => e.writing));
    },
  };
}

/** A mirror pod is not deleted for its own sake: it follows its static pod. */
const canDelete = (entry: Entry, remote: Pod): boolean =>
  entry.finished && !!remote.metadata.deletionTimestamp && !isMirror(remote);

/** Somebody has said that the pod has ended, and the worker, who will end it, has not yet looked at it since: nothing is written over it. */
const endedElsewhere = (entry: Entry, remote: Pod): boolean =>
  !isMirror(remote) && !!entry.status && hasEnded(remote.status) && !hasEnded(entry.status);

/** Of two states of one object the later one; a new object of the same name wins over the old one. */
function newer(a: Pod | undefined, b: Pod | undefined): Pod | undefined {
  if (!a || !b) return b;
  if (a.metadata.uid !== b.metadata.uid) return b;
  return Number(a.metadata.resourceVersion) > Number(b.metadata.resourceVersion) ? a : b;
}
