// What the server counts of itself, under upstream's names and labels, in Prometheus' text.
// Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/metrics, storage/etcd3/metrics, admission/metrics. Read at /metrics.
// Each part is a file: requests.ts, storage.ts; family.ts is what a metric is made of.
import type { FeatureGates } from '../../component-base/featureGates.ts';
import { exposition, Registry } from '../../component-base/promClient.ts';
import { reportedVersion } from '../../component-base/version.ts';
import { type Count, counters, type Distribution, histograms, textOf } from './family.ts';
import type { IsServed } from './requestLabels.ts';
import { requestMetrics } from './requests.ts';
import { type StorageMetrics, storageMetrics } from './storage.ts';

export interface Metrics extends Pick<ReturnType<typeof requestMetrics>, 'began' | 'ended'> {
  readonly contentType: string;
  text(): Promise<string>;
  storage: StorageMetrics;
  /** For one watch: what it counts each event and its bytes with. */
  watch(group: string, version: string, resource: string): { events: Count; sizes: Distribution };
  /** What counts how long one admission plugin took, or (empty name) all of them; seconds. */
  admission(plugin: string, type: 'admit' | 'validate', operation: string, rejected: boolean): Distribution;
  /** What /metrics/slis shows. */
  slis(): Promise<string>;
  /** One of the checks of /healthz, /livez or /readyz has been made. */
  checked(page: string, name: string, fine: boolean): void;
  /** An APIService is not available any more. */
  apiServiceLost(name: string, reason: string): void;
  /** The resource is not served any more: nothing of it is remembered. */
  forget(group: string, resource: string): void;
}

export interface MetricSources {
  isServed: IsServed;
  /** How many objects there are of each resource that somebody has read. */
  objects(): { group: string; resource: string; count: number }[];
  features: FeatureGates;
  apiServices(): { name: string; available: boolean }[];
  now(): number;
}

const admissionSeconds = [0.005, 0.025, 0.1, 0.5, 1, 2.5];
const eventBytes = Array.from({ length: 8 }, (_, i) => 1024 * 2 ** i);

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const processText = exposition(registry);
  const requests = requestMetrics(sources.isServed, sources.now);
  const storage = storageMetrics(sources.objects);
  const resourceLabels = ['group', 'version', 'resource'];
  const events = counters('apiserver_watch_events_total', 'Events sent to watchers.', resourceLabels);
  const sizes = histograms('apiserver_watch_events_sizes', 'Bytes of them.', resourceLabels, eventBytes);
  /** One for all watches of a resource. */
  const watched = new Map<string, ReturnType<Metrics['watch']>>();
  const step = histograms(
    'apiserver_admission_step_admission_duration_seconds',
    'How long all admission plugins of a step took.',
    ['type', 'operation', 'rejected'],
    admissionSeconds,
  );
  const controller = histograms(
    'apiserver_admission_controller_admission_duration_seconds',
    'How long an admission plugin took, by its name.',
    ['name', 'type', 'operation', 'rejected'],
    admissionSeconds,
  );
  const unavailable = counters(
    'aggregator_unavailable_apiservice',
    'APIServices by name: 1 when not available.',
    ['name'],
    'gauge',
  );
  const lost = counters(
    'aggregator_unavailable_apiservice_total',
    'How often an APIService has become unavailable, by name and reason.',
    ['name', 'reason'],
  );
  const features = counters(
    'kubernetes_feature_enabled',
    'Feature gates by name and stage: 1 when on.',
    ['name', 'stage'],
    'gauge',
  );
  for (const { name, stage, enabled } of sources.features.list()) features.of(name, stage).value = Number(enabled);
  const build = counters(
    'kubernetes_build_info',
    'Always 1, with the version that is spoken.',
    ['major', 'minor', 'git_version', 'platform'],
    'gauge',
  );
  build.of('1', '35', reportedVersion(), `${process.platform}/${process.arch}`).value = 1;
  const checks = counters('kubernetes_healthchecks_total', 'Health checks by name, page and outcome.', [
    'name',
    'status',
    'type',
  ]);
  const check = counters('kubernetes_healthcheck', 'The last outcome: 1 when fine.', ['name', 'type'], 'gauge');
  const families = [
    ...requests.families,
    ...storage.families,
    events,
    sizes,
    step,
    controller,
    unavailable,
    lost,
    features,
    build,
  ];

  function update(): void {
    requests.update();
    storage.update();
    unavailable.forget(() => true);
    for (const { name, available } of sources.apiServices()) unavailable.of(name).value = Number(!available);
  }

  return {
    contentType: registry.contentType,
    async text() {
      update();
      return (await textOf(families)) + (await processText());
    },
    slis: () => textOf([check, checks]),
    checked(page, name, fine) {
      check.of(name, page).value = Number(fine);
      checks.of(name, fine ? 'success' : 'error', page).value++;
    },
    began: requests.began,
    ended: requests.ended,
    storage,
    watch(...labels) {
      const key = labels.join('/');
      const known = watched.get(key) ?? { events: events.of(...labels), sizes: sizes.of(...labels) };
      watched.set(key, known);
      return known;
    },
    admission: (plugin, type, operation, rejected) =>
      plugin ? controller.of(plugin, type, operation, String(rejected)) : step.of(type, operation, String(rejected)),
    apiServiceLost: (name, reason) => void lost.of(name, reason).value++,
    forget(group, resource) {
      requests.forget(group, resource);
      storage.forget(group, resource);
      const gone = ([g, , r]: readonly string[]) => g === group && r === resource;
      for (const each of [events, sizes]) each.forget(gone);
      for (const key of watched.keys()) if (gone(key.split('/'))) watched.delete(key);
    },
  };
}
