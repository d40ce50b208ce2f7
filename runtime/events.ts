// GetContainerEvents: what happened to containers, told as it happens to each listener; a listener that does not read is dropped.
// Reads: node.ts, which emits. Used by: runtimeService.ts.
import { once } from 'node:events';
import { CriError } from '../cri/error.ts';
import type { Sent } from '../cri/messages.ts';
import type { ContainerEventResponse } from '../cri/types.ts';
import { toNanos } from './clock.ts';
import type { NodeEvent, SimulatedNode } from './node.ts';
import { containerStatus, sandboxStatus } from './status.ts';

const mostWaiting = 10_000;

/** Events from now on, until `signal` aborts. */
export async function* containerEvents(
  node: SimulatedNode,
  signal: AbortSignal,
): AsyncGenerator<Sent<ContainerEventResponse>> {
  const waiting: Sent<ContainerEventResponse>[] = [];
  const wake = new EventTarget();
  const listener = (event: NodeEvent) => {
    // Rendered now: the state belongs to the event, and later changes would show in it.
    if (waiting.length <= mostWaiting) waiting.push(render(node, event));
    wake.dispatchEvent(new Event('event'));
  };
  node.listeners.add(listener);
  try {
    while (!signal.aborted) {
      if (waiting.length > mostWaiting) throw new CriError('ResourceExhausted', 'the listener reads too slowly');
      const next = waiting.shift();
      if (next) yield next;
      else await once(wake, 'event', { signal }).catch(() => undefined);
    }
  } finally {
    node.listeners.delete(listener);
  }
}

function render(node: SimulatedNode, event: NodeEvent): Sent<ContainerEventResponse> {
  const sandbox = node.sandboxes.get(event.sandboxId);
  return {
    containerId: event.containerId,
    containerEventType: event.type,
    createdAt: toNanos(event.at),
    podSandboxStatus: sandbox ? sandboxStatus(sandbox) : null,
    containersStatuses: node.containersOf(event.sandboxId).map(containerStatus),
  };
}
