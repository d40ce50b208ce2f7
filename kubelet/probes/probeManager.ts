// One worker for each probe of each container: it waits for its container, probes it every period, and keeps the verdict.
// Reads: pod status as last computed. Writes: verdicts, Unhealthy events; wakes the pod when a verdict changes.
// Mirrors: pkg/kubelet/prober/{prober_manager,worker}.go and results. Next: podSync.ts asks for verdicts.
import type { Container, Pod, Probe } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { withoutCauses } from '../../client/causes.ts';
import type { ProbeOutcome, ProbeView } from '../container/killReasons.ts';
import { type ContainerRecord, newestContainer, type PodRecord } from '../container/records.ts';
import { containerReference } from '../container/reference.ts';
import { restartableInit } from '../container/restartPolicy.ts';
import type { KubeletContext } from '../context.ts';
import { runProbe } from './prober.ts';
import { countResult, type Streak } from './probeState.ts';

type ProbeKind = 'startup' | 'liveness' | 'readiness';
const kinds: [ProbeKind, 'startupProbe' | 'livenessProbe' | 'readinessProbe', string][] = [
  ['startup', 'startupProbe', 'Startup'],
  ['liveness', 'livenessProbe', 'Liveness'],
  ['readiness', 'readinessProbe', 'Readiness'],
];

export interface ProbeManager extends ProbeView {
  /** Starts the workers of a pod; again and again is harmless. */
  add(pod: Pod): void;
  /** What the runtime says now: workers find their container here. */
  observe(record: PodRecord, podIP: string): void;
  /** The pod is ending: only readiness is still asked for. */
  stopRestarting(uid: string): void;
  remove(uid: string): void;
  started(record: ContainerRecord, container: Container): boolean;
  ready(record: ContainerRecord, container: Container): boolean;
}

/** How soon to look for a container that is not there yet, in milliseconds. */
const lookAgain = 500;

interface Worker {
  pod: Pod;
  container: Container;
  kind: ProbeKind;
  word: string;
  probe: Probe;
  containerId: string;
  streak: Streak;
  onHold: boolean;
  stop: AbortController;
}

interface Observed {
  record: PodRecord;
  podIP: string;
}

/** `changed(uid)` is called when a verdict has changed. */
export function createProbeManager(k: KubeletContext, changed: (uid: string) => void): ProbeManager {
  const workers = new Map<string, Worker>();
  const observed = new Map<string, Observed>();
  const verdicts: Record<ProbeKind, Map<string, ProbeOutcome>> = {
    startup: new Map(),
    liveness: new Map(),
    readiness: new Map(),
  };
  const startedAt = k.clock.now();

  function set(w: Worker, verdict: ProbeOutcome): void {
    const before = verdicts[w.kind].get(w.containerId);
    verdicts[w.kind].set(w.containerId, verdict);
    if (before === verdict) return;
    // A success of liveness changes nothing that anybody sees.
    if (w.kind !== 'liveness' || verdict === 'failure') changed(w.pod.metadata.uid ?? '');
  }

  /** A new container: what was known of the one before is void. */
  function adopt(w: Worker, id: string): void {
    if (w.containerId) verdicts[w.kind].delete(w.containerId);
    w.containerId = id;
    w.streak = { length: 0 };
    w.onHold = false;
    const first: Record<ProbeKind, ProbeOutcome> = { startup: 'unknown', liveness: 'success', readiness: 'failure' };
    if (!verdicts[w.kind].has(id)) verdicts[w.kind].set(id, first[w.kind]);
  }

  /** One look: is there something to probe, and what came of it. */
  async function tick(w: Worker): Promise<void> {
    const seen = observed.get(w.pod.metadata.uid ?? '');
    const c = seen && newestContainer(seen.record, w.container.name);
    if (!seen || !c) return;
    if (c.id !== w.containerId) adopt(w, c.id);
    if (w.onHold) return;
    if (c.state !== 'running') {
      if (w.kind === 'readiness') set(w, 'failure');
      return;
    }
    if (k.clock.now() - c.startedAt < (w.probe.initialDelaySeconds ?? 0) * 1000) return;
    const hasStarted = !w.container.startupProbe || verdicts.startup.get(c.id) === 'success';
    // The startup probe gates the others, and is done once it has succeeded.
    if (w.kind === 'startup' ? hasStarted : !hasStarted) return;
    const outcome = await ask(w, c.id, seen.podIP);
    if (w.stop.signal.aborted || !outcome || w.containerId !== c.id) return;
    const counted = countResult(w.streak, outcome, w.probe);
    w.streak = counted.streak;
    if (!counted.verdict) return;
    set(w, counted.verdict);
    if (w.kind !== 'readiness' && counted.verdict === 'failure') {
      // The container will be killed: probing it again would only spoil the verdict.
      w.onHold = true;
      w.streak = { length: 0 };
    }
  }

  async function ask(w: Worker, containerId: string, podIP: string): Promise<ProbeOutcome | undefined> {
    const about = containerReference(w.pod, w.container);
    const tell = (text: string, reason = 'Unhealthy') =>
      k.events.event(about, 'Warning', reason, `${w.word} probe ${text}`);
    const target = { pod: w.pod, container: w.container, containerId, podIP, signal: w.stop.signal };
    try {
      const result = await runProbe(k, w.probe, target);
      if (w.stop.signal.aborted) return undefined;
      if (result.outcome === 'failure') tell(`failed: ${result.output}`);
      if (result.outcome === 'warning') tell(`warning: ${result.output}`, 'ProbeWarning');
      return result.outcome === 'warning' ? 'success' : result.outcome;
    } catch (error) {
      if (w.stop.signal.aborted) return undefined;
      tell(`errored and resulted in unknown state: ${(error as Error).message}`);
      // Not a result: the next round decides.
      return undefined;
    }
  }

  async function run(w: Worker): Promise<void> {
    const period = (w.probe.periodSeconds ?? 10) * 1000;
    const { signal } = w.stop;
    // After a restart of the kubelet all probes would fire at once: they are spread over their period.
    const young = k.clock.now() - startedAt < period && observed.has(w.pod.metadata.uid ?? '');
    let wait = young && takenOver(w) ? k.random() * period : firstDelay(w);
    while (!signal.aborted) {
      await sleep(k.clock, wait, signal);
      if (signal.aborted) return;
      const begun = k.clock.now();
      await tick(w);
      wait = w.containerId ? Math.max(0, period - (k.clock.now() - begun)) : lookAgain;
    }
  }

  /** Did the container run before this kubelet did? */
  const takenOver = (w: Worker): boolean => {
    const c = observed.get(w.pod.metadata.uid ?? '');
    const record = c && newestContainer(c.record, w.container.name);
    return !!record?.startedAt && record.startedAt < startedAt;
  };

  function firstDelay(w: Worker): number {
    const c = observed.get(w.pod.metadata.uid ?? '')?.record.containers.find((x) => x.name === w.container.name);
    if (!c?.startedAt) return 0;
    return Math.max(0, c.startedAt + (w.probe.initialDelaySeconds ?? 0) * 1000 - k.clock.now());
  }

  const ofPod = (uid: string) => [...workers].filter(([key]) => key.startsWith(`${uid}/`));
  const end = (key: string, w: Worker) => {
    w.stop.abort();
    workers.delete(key);
    verdicts[w.kind].delete(w.containerId);
  };

  return {
    add(pod) {
      const probed = [...(pod.spec?.initContainers ?? []).filter(restartableInit), ...(pod.spec?.containers ?? [])];
      for (const container of probed) {
        for (const [kind, field, word] of kinds) {
          const probe = container[field];
          const key = `${pod.metadata.uid}/${container.name}/${kind}`;
          if (!probe || workers.has(key)) continue;
          const w: Worker = {
            pod,
            container,
            kind,
            word,
            probe,
            containerId: '',
            streak: { length: 0 },
            onHold: false,
            stop: new AbortController(),
          };
          workers.set(key, w);
          void withoutCauses(() => run(w));
        }
      }
    },
    observe(record, podIP) {
      const first = !observed.has(record.uid);
      observed.set(record.uid, { record, podIP });
      for (const [, w] of ofPod(record.uid)) {
        const c = newestContainer(record, w.container.name);
        if (c && c.id !== w.containerId) {
          adopt(w, c.id);
          // Taken over from an earlier kubelet: it had been found ready, and stays so until a probe says otherwise.
          if (first && wasReady(w, c)) verdicts[w.kind].set(c.id, 'success');
        }
      }
    },
    stopRestarting(uid) {
      for (const [key, w] of ofPod(uid)) if (w.kind !== 'readiness') end(key, w);
    },
    remove(uid) {
      for (const [key, w] of ofPod(uid)) end(key, w);
      observed.delete(uid);
    },
    liveness: (id) => verdicts.liveness.get(id),
    startup: (id) => verdicts.startup.get(id),
    started: (record, container) =>
      record.state === 'running' && (!container.startupProbe || verdicts.startup.get(record.id) === 'success'),
    ready: (record, container) =>
      record.state === 'running' && (!container.readinessProbe || verdicts.readiness.get(record.id) === 'success'),
  };
}

/** Did the status that the API server has say so of this very container? */
function wasReady(w: Worker, c: ContainerRecord): boolean {
  const all = [...(w.pod.status?.containerStatuses ?? []), ...(w.pod.status?.initContainerStatuses ?? [])];
  const status = all.find((s) => s.name === w.container.name);
  if (!status?.containerID?.endsWith(`://${c.id}`)) return false;
  return w.kind === 'startup' ? status.started === true : w.kind === 'readiness' && status.ready;
}
