// What is counted of requests: how many, how long, how large, how many at once.
// Reads: requestLabels.ts. Called by server.ts. Mirrors: MonitorRequest and RecordLongRunning of
// staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go, and the in-flight gauge of its filters/.
import type { ApiRequest } from '../request.ts';
import { isLongRunning } from '../requestInfo.ts';
import { type Count, counters, type Distribution, histograms } from './family.ts';
import { type IsServed, requestLabels } from './requestLabels.ts';

export const seconds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
const labels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];
const bytes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const group = labels.indexOf('group');
const resource = labels.indexOf('resource');

/** The series of one sort of request, found with one look. */
interface Series {
  codes: Map<number, Count>;
  duration: Distribution;
  /** Absent for what takes as long as the client likes. */
  sli?: Distribution;
  /** Of reads alone. */
  size?: Distribution;
}

export function requestMetrics(isServed: IsServed, now: () => number) {
  const total = counters('apiserver_request_total', 'Requests by verb, resource, scope and answer code.', [
    ...labels,
    'dry_run',
    'code',
  ]);
  const duration = histograms(
    'apiserver_request_duration_seconds',
    'How long requests took, watches until their end.',
    [...labels, 'dry_run'],
    seconds,
  );
  const sli = histograms(
    'apiserver_request_sli_duration_seconds',
    'How long requests took that the server alone answers for.',
    labels,
    seconds.slice(2),
  );
  const size = histograms('apiserver_response_sizes', 'Bytes of the answers to GET and LIST.', labels, bytes);
  const open = counters('apiserver_longrunning_requests', 'Watches and streams that are open now.', labels, 'gauge');
  const known = new Map<string, Series>();

  function seriesOf(of: string[], dryRun: string): Series {
    const key = `${of.join('\0')}\0${dryRun}`;
    const found = known.get(key);
    if (found) return found;
    const [verb] = of;
    const series: Series = {
      codes: new Map(),
      duration: duration.of(...of, dryRun),
      sli: verb === 'WATCH' || verb === 'CONNECT' ? undefined : sli.of(...of),
      size: verb === 'GET' || verb === 'LIST' ? size.of(...of) : undefined,
    };
    known.set(key, series);
    return series;
  }

  const flying = { readOnly: peak(now), mutating: peak(now) };
  const inFlight = counters(
    'apiserver_current_inflight_requests',
    'The most requests at once in the last second, by kind.',
    ['request_kind'],
    'gauge',
  );

  return {
    families: [total, duration, sli, size, open, inFlight],

    /** The filters have let it pass. Returns what to call at its end. */
    began(req: ApiRequest): () => void {
      if (!isLongRunning(req.info)) return (reading.has(req.info.verb) ? flying.readOnly : flying.mutating).begin();
      const counted = requestLabels(req, isServed);
      if (!counted) return () => {};
      const gauge = open.of(...counted.labels);
      gauge.value++;
      return () => gauge.value--;
    },

    /** `ms` since it came; `sent`: bytes of the body, where they are known. */
    ended(req: ApiRequest, code: number, ms: number, sent?: number): void {
      const counted = req.info && requestLabels(req, isServed);
      if (!counted) return;
      const series = seriesOf(counted.labels, counted.dryRun);
      let count = series.codes.get(code);
      if (!count) {
        count = total.of(...counted.labels, counted.dryRun, String(code));
        series.codes.set(code, count);
      }
      count.value++;
      series.duration.observe(ms / 1000);
      series.sli?.observe(ms / 1000);
      if (sent !== undefined) series.size?.observe(sent);
    },

    /** Before the text is written. */
    update(): void {
      inFlight.of('readOnly').value = flying.readOnly.recent();
      inFlight.of('mutating').value = flying.mutating.recent();
    },

    /** The resource is gone. */
    forget(ofGroup: string, plural: string): void {
      const gone = (values: readonly string[]) => values[group] === ofGroup && values[resource] === plural;
      for (const each of [total, duration, sli, size, open]) each.forget(gone);
      for (const key of known.keys()) if (gone(key.split('\0'))) known.delete(key);
    },
  };
}

const reading = new Set(['get', 'list', 'watch', 'head', 'options']);

/** How many there are at once, and the most that there have been in this second or the last. */
function peak(now: () => number) {
  let current = 0;
  let second = 0;
  let most = 0;
  let before = 0;
  const turn = () => {
    const at = Math.floor(now() / 1000);
    if (at === second) return;
    before = at === second + 1 ? most : current;
    most = current;
    second = at;
  };
  const end = () => {
    turn();
    current--;
  };
  return {
    begin() {
      turn();
      most = Math.max(most, ++current);
      return end;
    },
    recent() {
      turn();
      return Math.max(most, before);
    },
  };
}
