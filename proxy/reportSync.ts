// The one place that hears of each rule sync of each node: it goes to the log and the metrics, and is where a trace span is made of it.
// Called by: proxier.ts, once for each node, family and sync. A rule sync is no API write, so the journal knows of it only from here.
import { type Cause, causeText } from '../apimachinery/cause.ts';
import type { Logger } from '../component-base/logger.ts';
import type { Family } from './ports.ts';

export interface SyncReport {
  node: string;
  family: Family;
  mode: 'iptables' | 'none';
  /** Milliseconds since the epoch. */
  startedAt: number;
  finishedAt: number;
  /** Service ports and endpoints that the rules are for. */
  ports: number;
  endpoints: number;
  /** Rules given to the kernel in this sync, and all in force. */
  written: number;
  total: number;
  /** The watch events since the last sync; the words `resync` and `start-up` where no event asked for it. */
  causes: readonly Cause[];
  /** Why it failed; absent when it did not. */
  error?: string;
}

/** Never throws and never waits. */
export type ReportSync = (report: SyncReport) => void;

export const logSync =
  (log: Logger): ReportSync =>
  (r) => {
    const facts = { ...r, causes: r.causes.map(causeText) };
    if (r.error === undefined) log.info(facts, 'rules synced');
    else log.error(facts, 'rules not synced');
  };
