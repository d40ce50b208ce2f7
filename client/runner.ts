// Runs controllers: events to keys, keys to reconciles, failures to retries, and causes with every one of them.
// Reads the informers and writes nothing itself; what reconcile does is the controller's.
// Mirrors: sigs.k8s.io/controller-runtime pkg/internal/controller and k8s.io/kubernetes cmd/kube-controller-manager/app.
// Next along the chain: the controllers' own files.
import type { Cause } from '../apimachinery/cause.ts';
import { groupResource } from '../apimachinery/resources.ts';
import { StatusError } from '../apimachinery/status.ts';
import type { KubeObject } from '../apimachinery/types.ts';
import { exponential, type Metrics } from '../component-base/metrics.ts';
import { withCauses } from './causes.ts';
import { ConnectionError } from './client.ts';
import type { Controller, ControllerContext, Enqueue, Watch } from './controller.ts';
import type { Informer } from './informer.ts';
import { createWorkQueue, type QueueObserver, type WorkItem, type WorkQueue } from './workqueue.ts';

export interface RunOptions {
  /** The context of one controller: its own client and recorder, the informers of all. */
  contextFor(controller: Controller): ControllerContext;
  signal: AbortSignal;
  metrics?: Metrics;
  /** The label `name` of a controller's workqueue metrics; absent: the controller's own name. */
  queueName?(controller: string): string;
}

/** Sets all up, starts their informers, works until the signal aborts. Resolves when the last reconcile has ended. */
export async function runControllers(controllers: readonly Controller[], o: RunOptions): Promise<void> {
  const running = controllers.map((controller) => prepare(controller, o));
  const factories = new Set(running.map((r) => r.context.informers));
  await Promise.all([...factories].map((f) => f.start(o.signal)));
  if (o.signal.aborted) return;
  await Promise.all(running.map((r) => work(r, o.signal)));
}

interface Running {
  controller: Controller;
  context: ControllerContext;
  queue: WorkQueue;
  enqueue: Enqueue;
}

function prepare(controller: Controller, o: RunOptions): Running {
  const context = o.contextFor(controller);
  const name = o.queueName?.(controller.name) ?? controller.name;
  const queue = createWorkQueue(context.clock, o.metrics && observeQueue(name, o.metrics));
  if (o.metrics) observeWorkers(name, queue, o.metrics);
  const enqueue: Enqueue = (key, { after = 0, causes } = {}) => queue.addAfter(key, after, causes);
  o.signal.addEventListener('abort', () => queue.shutDown(), { once: true });
  controller.setup?.(context, enqueue);
  for (const w of controller.watches) listen(w, context, queue);
  return { controller, context, queue, enqueue };
}

/** Each event puts the keys that the watch names into the queue, with the event as their cause. */
function listen(w: Watch<any>, context: ControllerContext, queue: WorkQueue): void {
  const informer = context.informers.informer(w.resource, w.options);
  const put = (states: KubeObject[]) => {
    const keys = new Set<string>();
    for (const state of states) for (const key of w.keys(state, context)) keys.add(key);
    if (!keys.size) return;
    const causes = causesOf(states[0]!, informer);
    for (const key of keys) queue.addAfter(key, w.after ?? 0, causes);
  };
  informer.addHandler({
    added: (object) => put([object]),
    updated: (object, old) => void (w.when && !w.when(object, old) ? undefined : put([object, old])),
    deleted: (object) => put([object]),
  });
}

/** The event, and beside it the word for its coming from a list rather than from the watch. */
export function causesOf(object: KubeObject, informer: Pick<Informer, 'resource' | 'origin'>): Cause[] {
  const { namespace = '', name, resourceVersion = '0' } = object.metadata;
  const event: Cause = { resource: groupResource(informer.resource), namespace, name, resourceVersion };
  return informer.origin === 'watch' ? [event] : [{ word: informer.origin }, event];
}

async function work(r: Running, signal: AbortSignal): Promise<void> {
  const loops = Array.from({ length: r.controller.workers ?? 5 }, () => worker(r));
  const own = r.controller.run?.(r.context, r.enqueue, signal);
  await Promise.all([...loops, own]);
}

async function worker(r: Running): Promise<void> {
  for (let item = await r.queue.get(); item; item = await r.queue.get()) {
    await reconcileOne(r, item);
    r.queue.done(item.key);
  }
}

/** One reconcile in the context of its causes, and what follows from its outcome. Never rejects. */
async function reconcileOne({ controller, context, queue }: Running, item: WorkItem): Promise<void> {
  try {
    const result = await withCauses(item.causes, () => controller.reconcile(item.key, context));
    queue.forget(item.key);
    if (result?.postponed) queue.postpone(item.key, Math.max(result.after, 1), item.causes);
    else if (result) queue.addAfter(item.key, Math.max(result.after, 1));
  } catch (error) {
    const failures = queue.failures(item.key);
    const about = { key: item.key, failures, error: errorText(error) };
    // A failure that stays is told at the 1st, 2nd, 4th, 8th … time: often enough to find, not enough to drown in.
    const tell = !isRoutine(error) && Number.isInteger(Math.log2(failures + 1));
    context.log[tell ? 'warn' : 'debug'](about, 'reconcile failed, will be tried again');
    queue.addRateLimited(item.key, item.causes);
  }
}

/** Two writers met, something was made or gone in the meantime, or the server is away: the next look settles it. */
const isRoutine = (error: unknown) =>
  error instanceof ConnectionError ||
  (error instanceof StatusError && ['Conflict', 'AlreadyExists', 'NotFound'].includes(error.reason));

const errorText = (error: unknown) =>
  error instanceof StatusError || error instanceof ConnectionError
    ? error.message
    : ((error as Error)?.stack ?? String(error));

function observeQueue(name: string, metrics: Metrics): QueueObserver {
  const seconds = exponential(1e-8, 10, 10);
  const depth = metrics.gauge('workqueue_depth', 'Current depth of workqueue', ['name']);
  const adds = metrics.counter('workqueue_adds_total', 'Total number of adds handled by workqueue', ['name']);
  const waits = metrics.histogram(
    'workqueue_queue_duration_seconds',
    'How long in seconds an item stays in workqueue before being requested.',
    ['name'],
    seconds,
  );
  const works = metrics.histogram(
    'workqueue_work_duration_seconds',
    'How long in seconds processing an item from workqueue takes.',
    ['name'],
    seconds,
  );
  const retries = metrics.counter('workqueue_retries_total', 'Total number of retries handled by workqueue', ['name']);
  let before = 0;
  for (const number of [depth, adds, retries]) number.inc({ name }, 0);
  return {
    // Two controllers may share a name.
    depth(n) {
      depth.inc({ name }, n - before);
      before = n;
    },
    added: () => adds.inc({ name }),
    waited: (s) => waits.observe({ name }, s),
    worked: (s) => works.observe({ name }, s),
    retried: () => retries.inc({ name }),
  };
}

/** A worker that hangs never reports that it has ended: so one looks at those that are at work. */
function observeWorkers(name: string, queue: WorkQueue, metrics: Metrics): void {
  const unfinished = metrics.gauge(
    'workqueue_unfinished_work_seconds',
    'How many seconds of work has been done that is in progress and has not been observed by work_duration.',
    ['name'],
  );
  const longest = metrics.gauge(
    'workqueue_longest_running_processor_seconds',
    'How many seconds the longest running processor of the workqueue has been running.',
    ['name'],
  );
  metrics.onLook(() => {
    const busy = queue.busy();
    unfinished.set({ name }, busy.together);
    longest.set({ name }, busy.longest);
  });
}
