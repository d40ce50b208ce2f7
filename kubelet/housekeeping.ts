// Ends and removes what no source knows of: pods in the runtime whose objects went meanwhile, their folders, stray mirrors.
// Reads: outlines of the runtime (pleg.ts), podManager. Writes: CRI stops and removals, folders, DELETE of mirror pods.
// Mirrors: pkg/kubelet/kubelet_pods.go (HandlePodCleanups). Next: kubelet.ts, which says when the sources are known.
import { readdir } from 'node:fs/promises';
import type { Pod } from '../apimachinery/types.ts';
import { sleep } from '../client/backoff.ts';
import { withCauses } from '../client/causes.ts';
import type { PodOutline } from './container/inspect.ts';
import { killPod } from './container/killContainer.ts';
import type { KubeletContext } from './context.ts';
import type { PodManager } from './podManager.ts';
import type { PodHooks, PodWorkers } from './podWorkers.ts';
import type { RuntimeCache } from './runtimeCache.ts';
import { deleteMirror } from './sources/mirrorPods.ts';
import { isStatic } from './sources/staticPods.ts';
import { podsDir } from './volumes/paths.ts';
import { createVolumeManager } from './volumes/volumeManager.ts';

export interface Housekeeping {
  /** What the runtime has now. */
  listed(pods: Map<string, PodOutline>): void;
  /** From now on every source has told all its pods: what is unknown is nobody's. */
  sourcesKnown(): void;
  /** Looks for folders of unknown pods, once a minute, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

interface Parts {
  runtime: RuntimeCache;
  workers: PodWorkers;
  manager: PodManager;
  hooks: PodHooks;
}

const every = 60_000;

export function createHousekeeping(k: KubeletContext, { runtime, workers, manager, hooks }: Parts): Housekeeping {
  let known = false;
  let inRuntime = new Map<string, PodOutline>();
  const ending = new Set<string>();

  function look(): void {
    if (!known) return;
    for (const outline of inRuntime.values()) {
      if (!workers.state(outline.uid) && !ending.has(outline.uid)) void endOrphan(outline);
    }
    for (const mirror of manager.mirrors()) {
      const pod = manager.named(mirror.metadata.namespace ?? '', mirror.metadata.name);
      if (!pod || !isStatic(pod)) void withCauses([{ word: 'resync' }], () => deleteMirror(k, mirror)).catch(() => {});
    }
  }

  /** Its object is gone, so nobody can say what grace it should have. */
  async function endOrphan({ uid, name, namespace }: PodOutline): Promise<void> {
    ending.add(uid);
    const metadata = { uid, name, namespace };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] } } as Pod;
    try {
      runtime.invalidate(uid);
      await killPod(k, pod, await runtime.get(pod), { grace: 1, signal: new AbortController().signal });
      await hooks.terminated(pod);
      await hooks.forget(pod);
    } catch (error) {
      k.log.info({ pod: name, error: String(error) }, 'pod without an object not ended yet');
    } finally {
      ending.delete(uid);
    }
  }

  async function removeOldFolders(): Promise<void> {
    const volumes = createVolumeManager(k.config.rootDir);
    for (const uid of await readdir(podsDir(k.config.rootDir))) {
      if (!workers.state(uid) && !manager.get(uid) && !inRuntime.has(uid)) await volumes.remove(uid);
    }
  }

  return {
    listed(pods) {
      inRuntime = pods;
      look();
    },
    sourcesKnown() {
      known = true;
      look();
    },
    async run(signal) {
      for (await sleep(k.clock, every, signal); !signal.aborted; await sleep(k.clock, every, signal)) {
        if (known)
          await removeOldFolders().catch((error) => k.log.info({ error: String(error) }, 'old folders not removed'));
      }
    },
  };
}
