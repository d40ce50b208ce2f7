// What is counted of the store: how many requests of which sort, how long, how many objects there are.
// Called by ../storage/measured.ts, which sits before either home of the store; both are counted under etcd's name, as clients look for that.
// Mirrors: staging/src/k8s.io/apiserver/pkg/storage/etcd3/metrics/metrics.go.
import { type Count, counters, type Distribution, histograms } from './family.ts';
import { seconds } from './requests.ts';

export interface ResourceName {
  group: string;
  resource: string;
}

export interface StorageMetrics {
  /** `operation`: get, list, create, update, delete. */
  request(operation: string, of: ResourceName, ms: number, failed: boolean): void;
}

interface Series {
  duration: Distribution;
  total: Count;
}

const labels = ['operation', 'group', 'resource'];

export function storageMetrics(objects: () => (ResourceName & { count: number })[]) {
  const duration = histograms('etcd_request_duration_seconds', 'How long requests to the store took.', labels, seconds);
  const total = counters('etcd_requests_total', 'Requests to the store.', labels);
  const errors = counters('etcd_request_errors_total', 'Requests to the store that failed.', labels);
  const byResource = counters('apiserver_resource_objects', 'Objects by resource.', ['group', 'resource'], 'gauge');
  const byName = counters('apiserver_storage_objects', 'Objects by resource.', ['resource'], 'gauge');
  const known = new WeakMap<ResourceName, Map<string, Series>>();

  function seriesOf(operation: string, of: ResourceName): Series {
    const operations = known.get(of) ?? new Map<string, Series>();
    known.set(of, operations);
    const found = operations.get(operation);
    if (found) return found;
    const values = [operation, of.group, of.resource];
    const series = { duration: duration.of(...values), total: total.of(...values) };
    operations.set(operation, series);
    return series;
  }

  return {
    families: [duration, total, errors, byResource, byName],
    request(operation: string, of: ResourceName, ms: number, failed: boolean): void {
      const series = seriesOf(operation, of);
      series.duration.observe(ms / 1000);
      series.total.value++;
      if (failed) errors.of(operation, of.group, of.resource).value++;
    },
    update(): void {
      // A resource may have gone with its definition.
      for (const each of [byResource, byName]) each.forget(() => true);
      for (const { group, resource, count } of objects()) {
        byResource.of(group, resource).value = count;
        byName.of(group ? `${resource}.${group}` : resource).value = count;
      }
    },
    forget(group: string, resource: string): void {
      for (const each of [duration, total, errors]) each.forget(([, g, r]) => g === group && r === resource);
    },
  };
}
