// What every part of one node's kubelet shares: its settings, its ways out, its clock.
// Written by: kubelet.ts, once a node. Next: podSync.ts.
import type { Cause } from '../apimachinery/cause.ts';
import type { Clock } from '../apimachinery/clock.ts';
import type { Pod } from '../apimachinery/types.ts';
import { currentCauses } from '../client/causes.ts';
import type { Client } from '../client/client.ts';
import type { EventRecorder } from '../client/events.ts';
import type { Logger } from '../component-base/logger.ts';
import type { RuntimeConnection } from '../cri/client.ts';
import type { KubeletConfig } from './config.ts';
import type { PodDialer } from './network/podDialer.ts';

/** A hop that is no API write: one CRI call for one pod. Times are milliseconds. */
export interface Span {
  /** The call: `RunPodSandbox`, `PullImage`, `StartContainer` … */
  name: string;
  node: string;
  namespace: string;
  pod: string;
  uid: string;
  /** Of the container or image that the call is about. */
  detail?: string;
  start: number;
  end: number;
  error?: string;
  causes: readonly Cause[];
}
export type ReportSpan = (span: Span) => void;

export interface KubeletContext {
  config: KubeletConfig;
  /** Absent without --kubeconfig: the node then runs static pods alone. */
  client: Client | undefined;
  events: EventRecorder;
  cri: RuntimeConnection;
  dialer: PodDialer;
  clock: Clock;
  random(): number;
  log: Logger;
  reportSpan: ReportSpan;
}

/** Runs one CRI call and reports it as a span, with the causes of the work that made it. */
export async function spanned<T>(
  k: KubeletContext,
  pod: Pod,
  name: string,
  detail: string,
  call: () => Promise<T>,
): Promise<T> {
  const start = k.clock.now();
  const causes = currentCauses();
  const report = (error?: string) =>
    k.reportSpan({
      name,
      node: k.config.nodeName,
      namespace: pod.metadata.namespace ?? '',
      pod: pod.metadata.name,
      uid: pod.metadata.uid ?? '',
      ...(detail ? { detail } : {}),
      start,
      end: k.clock.now(),
      ...(error ? { error } : {}),
      causes,
    });
  try {
    const answer = await call();
    report();
    return answer;
  } catch (error) {
    report((error as Error).message);
    throw error;
  }
}

/** `web_default(uid)`, as upstream names a pod in messages. */
export const podText = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
