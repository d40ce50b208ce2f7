// What is told of each rule sync of each node: to the log, to the metrics, and as a span to the API server's journal, which would
// know nothing of it otherwise, because a rule sync is no API write.
// Called by: proxier.ts, once for each node, family and sync. Next along the chain: client/spanReporter.ts.
import { type Cause, causeText } from '../apimachinery/cause.ts';
import { nodes } from '../apimachinery/resources.ts';
import type { SpanReporter } from '../client/spanReporter.ts';
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
  /** Rules written, chains removed, and all rules in force; with `none`, as they would be. */
  written: number;
  removed: number;
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

/** A sync that watch events asked for and that changed something becomes a span on the Node, caused by those events. */
export const spanSync =
  (spans: SpanReporter): ReportSync =>
  (r) => {
    const events = r.causes.filter((c) => !('word' in c));
    if (!events.length || r.error !== undefined || r.written + r.removed === 0) return;
    spans.report({
      verb: r.mode === 'iptables' ? 'iptables' : 'rules',
      resource: nodes.plural,
      namespace: '',
      name: r.node,
      message: `${r.family}: ${r.written} rules written, ${r.removed} chains removed; ${r.ports} service ports, ${r.endpoints} endpoints`,
      start: r.startedAt,
      end: r.finishedAt,
      causes: events,
    });
  };
