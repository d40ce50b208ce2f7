// Opens one node's ways out: the runtime's socket, the API server, the event recorder, the way to pods.
// Reads: --container-runtime-endpoint, --kubeconfig, --pod-dialer. Writes: a KubeletContext.
// Mirrors: cmd/kubelet/app/server.go (run). Next: kubelet.ts.
import type { Clock } from '../apimachinery/clock.ts';
import { sleep } from '../client/backoff.ts';
import { createEventRecorder } from '../client/eventRecorder.ts';
import type { EventRecorder } from '../client/events.ts';
import { configFromFlag } from '../client/kubeconfig.ts';
import { createSpanReporter, type SpanReporter } from '../client/spanReporter.ts';
import { createClient } from '../client/transport.ts';
import { UsageError } from '../component-base/flags.ts';
import type { Logger } from '../component-base/logger.ts';
import { connectRuntime, type RuntimeConnection } from '../cri/client.ts';
import { CriError } from '../cri/error.ts';
import type { KubeletConfig } from './config.ts';
import type { KubeletContext, ReportSpan } from './context.ts';
import { podDialer } from './network/podDialer.ts';

export interface ContextDeps {
  clock: Clock;
  random(): number;
  log: Logger;
  /** Absent: spans go to the API server's journal. */
  reportSpan?: ReportSpan;
}

const noEvents: EventRecorder = { event() {}, flush: async () => {} };
/** How long the runtime may take to come up before the kubelet gives up. */
const runtimePatience = 10_000;

/** Throws UsageError for an endpoint that is none. */
export function connectRuntimeOf(config: KubeletConfig): RuntimeConnection {
  const o = { requestTimeout: config['runtime-request-timeout'] };
  try {
    const connection = connectRuntime(config['container-runtime-endpoint'], o);
    const images = config['image-service-endpoint'];
    return images ? { ...connection, image: connectRuntime(images, o).image } : connection;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Calls at a time to the API server: enough for 110 pods that start together; fifty nodes in one process keep their sockets open. */
const sockets = 4;

/** Waits for the first answer; throws UsageError when there is none in ten seconds. */
export async function runtimeAnswers(cri: RuntimeConnection, clock: Clock, signal: AbortSignal): Promise<void> {
  const until = clock.now() + runtimePatience;
  while (!signal.aborted) {
    try {
      await cri.runtime.version({}, { timeout: 2000 });
      return;
    } catch (error) {
      if (clock.now() >= until) throw new UsageError(error instanceof CriError ? error.details : String(error));
      await sleep(clock, 200, signal);
    }
  }
}

export async function makeContext(
  config: KubeletConfig,
  deps: ContextDeps,
  cri: RuntimeConnection,
  signal: AbortSignal,
): Promise<KubeletContext> {
  const { clock, random } = deps;
  const log = deps.log.child({ node: config.nodeName });
  const client = config.kubeconfig
    ? createClient(await configFromFlag(config.kubeconfig), { component: 'kubelet', clock, sockets })
    : undefined;
  const events = client
    ? createEventRecorder({ client, clock, random, log, component: 'kubelet', host: config.nodeName, signal })
    : noEvents;
  return {
    config,
    client,
    events,
    cri,
    dialer: podDialer(config['pod-dialer']),
    clock,
    random,
    log,
    reportSpan: deps.reportSpan ?? (client ? toJournal(createSpanReporter(client, clock)) : () => {}),
  };
}

/** A call to the runtime as a deed on its pod: `PullImage nginx:1`. */
const toJournal =
  (reporter: SpanReporter): ReportSpan =>
  ({ namespace, pod, uid, name, detail, error, start, end, causes }) =>
    reporter.report({
      verb: 'CRI',
      resource: 'pods',
      namespace,
      name: pod,
      uid,
      message: [name, detail, error && `failed: ${error}`].filter(Boolean).join(' '),
      start,
      end,
      causes,
    });
