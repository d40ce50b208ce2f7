// From a place to a bound pod: Reserve at once, then Permit, PreBind, Bind and PostBind beside the next decisions.
// Writes: the Binding, the Scheduled event. Mirrors: bindingCycle in pkg/scheduler/schedule_one.go.
// Called by: scheduler.ts. Next along the chain: the API server's pods/binding, then the kubelet.
import { pods } from '../apimachinery/resources.ts';
import { isReason, StatusError } from '../apimachinery/status.ts';
import { sleep } from '../client/backoff.ts';
import { ConnectionError } from '../client/client.ts';
import type { Failure } from './failure.ts';
import type { Handle, Status } from './framework.ts';
import type { PodInfo } from './podInfo.ts';
import type { QueuedPod } from './queue.ts';

/** Reserve of all plugins; when one refuses, all are undone by the caller. */
export function reservePod({ info, profile }: QueuedPod, node: string): Status | undefined {
  for (const plugin of profile.reserve) {
    const status = plugin.reserve?.(info, node);
    if (status) return status;
  }
  return undefined;
}

/** `gone`: another was first or the pod is no more. `stopped`: the lead ended, so nobody may act on it. */
export type Outcome = 'bound' | 'gone' | 'stopped' | Failure;

export async function bindingCycle(
  handle: Handle,
  pod: QueuedPod,
  node: string,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    await announce(handle, pod, node);
    const refusal = await permitted(pod, node, signal);
    if (signal.aborted) return 'stopped';
    if (refusal) return failureOf(refusal, node);
    await bind(handle, pod, node);
  } catch (error) {
    const outcome = await outcomeOf(error, handle, pod, node, signal);
    if (outcome !== 'bound') return outcome;
  }
  const { info, profile } = pod;
  handle.events.event(info.pod as any, 'Normal', 'Scheduled', `Successfully assigned ${info.key} to ${node}`);
  handle.log.info({ pod: info.key, node }, 'bound');
  for (const plugin of profile.postBind) plugin.postBind?.(info, node);
  return 'bound';
}

/** Where it is about to go, for others who plan with nodes; when it will be bound at once nobody needs to know. */
async function announce({ client, gates, log }: Handle, { info, profile }: QueuedPod, node: string): Promise<void> {
  if (!gates.enabled('NominatedNodeNameForExpectation')) return;
  if (!profile.preBind.some((p) => p.willPreBind?.(info, node)) || info.pod.status?.nominatedNodeName === node) return;
  const { name, namespace, uid } = info.pod.metadata;
  const patch = { metadata: { uid }, status: { nominatedNodeName: node } };
  try {
    await client.patch(pods, name, namespace, 'strategic', patch, { subresource: 'status' });
  } catch (error) {
    log.warn({ pod: info.key, error: String(error) }, 'could not say where the pod is about to go');
  }
}

async function permitted({ info, profile }: QueuedPod, node: string, signal: AbortSignal): Promise<Status | undefined> {
  for (const plugin of profile.permit) {
    const status = await plugin.permit!(info, node, signal);
    if (status) return status;
  }
  for (const plugin of profile.preBind) {
    const status = await plugin.preBind!(info, node, signal);
    if (status) return status;
  }
  return undefined;
}

async function bind(handle: Handle, { info, profile }: QueuedPod, node: string): Promise<void> {
  if (await boundByExtender(handle, info, node)) return;
  for (const plugin of profile.bind) if (await plugin.bind!(info, node)) return;
  throw new Error('no bind plugin took the pod');
}

/** An extender that binds goes before the plugins. */
async function boundByExtender({ extenders, log }: Handle, { pod }: PodInfo, node: string): Promise<boolean> {
  for (const extender of extenders) {
    if (!extender.can.bind || !extender.isInterested(pod)) continue;
    try {
      await extender.bind(pod, node);
      return true;
    } catch (error) {
      if (!extender.ignorable) throw error;
      log.warn({ extender: extender.url, error: (error as Error).message }, 'skipped an extender that could not bind');
    }
  }
  return false;
}

const failureOf = (status: Status, node: string): Failure =>
  status.code === 'Error'
    ? { reason: 'SchedulerError', message: status.reasons.join(', '), nominate: '' }
    : {
        reason: 'Unschedulable',
        diagnosis: { nodeCount: 1, statuses: new Map([[node, status]]), plugins: new Set([status.plugin]) },
        nominate: '',
      };

async function outcomeOf(
  error: unknown,
  handle: Handle,
  pod: QueuedPod,
  node: string,
  signal: AbortSignal,
): Promise<Outcome> {
  if (signal.aborted) return 'stopped';
  if (isReason(error, 'NotFound') || isReason(error, 'Conflict')) return 'gone';
  const isUnclear = error instanceof ConnectionError || (error instanceof StatusError && error.code >= 500);
  const found = isUnclear ? await readBack(handle, pod, node, signal) : undefined;
  if (found) return found;
  handle.log.warn({ pod: pod.info.key, node, error: String(error) }, 'could not bind');
  return {
    reason: 'SchedulerError',
    message: `binding rejected: ${(error as Error).message}`,
    nominate: '',
  };
}

/**
 * Nobody said whether the pod was bound. Its place stays taken until the API server tells: given to another too early, the
 * node might end up with both. undefined: it was not.
 */
async function readBack(
  handle: Handle,
  { info }: QueuedPod,
  node: string,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const { name, namespace } = info.pod.metadata;
  for (let wait = 100; !signal.aborted; wait = Math.min(wait * 2, 5000)) {
    try {
      const now = await handle.client.get(pods, name, namespace);
      if (now.metadata.uid !== info.uid) return 'gone';
      if (now.spec?.nodeName) return now.spec.nodeName === node ? 'bound' : 'gone';
      return undefined;
    } catch (error) {
      if (isReason(error, 'NotFound')) return 'gone';
      await sleep(handle.clock, wait * (0.5 + handle.random()), signal);
    }
  }
  return 'stopped';
}
