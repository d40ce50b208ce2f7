// Tells which pods changed in the runtime: by the runtime's own events where it has them, else by listing every second.
// Reads: CRI GetContainerEvents, lists. Tells: uids. Mirrors: pkg/kubelet/pleg/{evented,generic}.go. Next: kubelet.ts.

import { sleep } from '../client/backoff.ts';
import { CriError } from '../cri/error.ts';
import { outlinePods, type PodOutline } from './container/inspect.ts';
import type { KubeletContext } from './context.ts';

/** Milliseconds between lists: without events, and (as a net under them) with events. */
const relistAlone = 1000;
const relistBeside = 10_000;

export interface PlegHandler {
  /** Something of this pod is not as it was. */
  changed(uid: string): void;
  /** All that the runtime has, after each list. */
  listed(pods: Map<string, PodOutline>): void;
}

/** Runs until the signal aborts. Never rejects. */
export async function watchRuntime(k: KubeletContext, handler: PlegHandler, signal: AbortSignal): Promise<void> {
  const events = { working: false };
  await Promise.all([followEvents(k, events, handler, signal), relist(k, events, handler, signal)]);
}

async function followEvents(k: KubeletContext, state: { working: boolean }, handler: PlegHandler, signal: AbortSignal) {
  while (!signal.aborted) {
    const opened = setTimeout(() => {
      state.working = true;
    }, 500);
    try {
      for await (const event of k.cri.runtime.getContainerEvents({}, { signal })) {
        state.working = true;
        const uid = event.podSandboxStatus?.metadata?.uid;
        if (uid) handler.changed(uid);
      }
    } catch (error) {
      clearTimeout(opened);
      state.working = false;
      // Older runtimes have no events: the lists have to do.
      if (error instanceof CriError && error.code === 'Unimplemented') return;
      k.log.debug({ error: String(error) }, 'runtime events ended');
    }
    clearTimeout(opened);
    state.working = false;
    await sleep(k.clock, relistAlone, signal);
  }
}

async function relist(k: KubeletContext, events: { working: boolean }, handler: PlegHandler, signal: AbortSignal) {
  let last = new Map<string, PodOutline>();
  while (!signal.aborted) {
    try {
      const now = await outlinePods(k.cri);
      for (const uid of changedPods(last, now)) handler.changed(uid);
      last = now;
      handler.listed(now);
    } catch (error) {
      k.log.debug({ error: String(error) }, 'the runtime could not be listed');
    }
    for (
      let waited = 0;
      waited < (events.working ? relistBeside : relistAlone) && !signal.aborted;
      waited += relistAlone
    ) {
      await sleep(k.clock, relistAlone, signal);
    }
  }
}

/** The pods of which any sandbox or container came, went or changed its state. Pure. */
export function changedPods(last: Map<string, PodOutline>, now: Map<string, PodOutline>): string[] {
  const uids = new Set([...last.keys(), ...now.keys()]);
  return [...uids].filter((uid) => {
    const [a, b] = [last.get(uid), now.get(uid)];
    return !a || !b || !sameMap(a.sandboxes, b.sandboxes) || !sameMap(a.containers, b.containers);
  });
}

const sameMap = (a: Map<string, string>, b: Map<string, string>): boolean =>
  a.size === b.size && [...a].every(([k, v]) => b.get(k) === v);
