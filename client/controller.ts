// The contract of a controller: a name, what wakes it, and reconcile(key).
// Mirrors: sigs.k8s.io/controller-runtime pkg/reconcile and client-go util/workqueue.
// Run by runner.ts, which owns the queue, the workers, retry with back-off, informer sync and the causes.

import type { Cause } from '../apimachinery/cause.ts';
import type { Clock } from '../apimachinery/clock.ts';
import type { Resource } from '../apimachinery/resources.ts';
import type { KubeObject } from '../apimachinery/types.ts';
import type { Logger } from '../component-base/logger.ts';
import type { Metrics } from '../component-base/metrics.ts';
import type { Client } from './client.ts';
import type { EventRecorder } from './events.ts';
import type { InformerFactory, InformerOptions, ObjectKey } from './informer.ts';

/** Events of `resource` put the keys that `keys` names into the queue; on an update both states are asked. */
export interface Watch<T extends KubeObject = KubeObject> {
  resource: Resource<T>;
  /** Which informer: those with the same options share one. */
  options?: InformerOptions;
  keys(object: T, context: ControllerContext): ObjectKey[];
  /** Passes over updates that cannot matter. Called for updates alone. */
  when?(object: T, old: T): boolean;
  /** Milliseconds in which events are gathered before their keys are put in line; absent or 0: at once. */
  after?: number;
}

/** Everything a controller may touch. Tests pass their own clock and random. */
export interface ControllerContext {
  client: Client;
  informers: InformerFactory;
  events: EventRecorder;
  clock: Clock;
  random(): number;
  log: Logger;
  /** For numbers of a controller's own; absent where nobody looks. */
  metrics?: Metrics;
}

/**
 * `after`: look at this key again in so many milliseconds, whatever happens. With `postponed` the work itself was put
 * off: it keeps its causes, and is taken up earlier if another event comes for the key.
 */
export type Result = undefined | { after: number; postponed?: boolean };

export interface Controller {
  /** Upstream's name, by which --controllers turns it on and off: `replicaset-controller`. It is also its metrics label. */
  name: string;
  /** The ServiceAccount in kube-system that it acts as, where that has another name; empty: it acts as the manager itself. */
  serviceAccount?: string;
  watches: Watch<any>[];
  /** Called once before informers start: to add indexes and keep state of its own. */
  setup?(context: ControllerContext, enqueue: Enqueue): void;
  /**
   * Brings the world closer to what the object asks for. Level-based: it reads the caches, never an event.
   * A throw puts the key back with per-key exponential back-off; a 409 is a throw like any other.
   */
  reconcile(key: ObjectKey, context: ControllerContext): Promise<Result | undefined>;
  workers?: number;
  /** The component that its Events name as their source, where upstream's is not the controller's name. */
  eventSource?: string;
  /** Work that no object's event starts, such as a look at all nodes every 5 s; ends with the signal. */
  run?(context: ControllerContext, queue: Enqueue, signal: AbortSignal): Promise<void>;
}

/** Puts a key into the controller's own queue; without causes the timer is named as one. */
export type Enqueue = (key: ObjectKey, options?: { after?: number; causes?: readonly Cause[] }) => void;

/** A type helper: keeps the object type of `keys` and `when`. */
export const watch = <T extends KubeObject>(w: Watch<T>): Watch<any> => w;
