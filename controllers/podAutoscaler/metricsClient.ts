// Asks the three metrics APIs, which extension servers answer: of the resources of pods, of pods and objects, of the outside.
// Reads: metrics.k8s.io, custom.metrics.k8s.io, external.metrics.k8s.io. Mirrors: pkg/controller/podautoscaler/metrics/client.go and
// k8s.io/metrics/pkg/client. Rejects with an Error in upstream's words. Used by: metric.ts.
import type { Clock } from '../../apimachinery/clock.ts';
import type { Selector } from '../../apimachinery/labelSelector.ts';
import { milliInt64, parseQuantity } from '../../apimachinery/quantity.ts';
import { groupResource } from '../../apimachinery/resources.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { CrossVersionObjectReference } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { parseDuration } from '../../component-base/flags.ts';
import { timeOf } from '../common/pods.ts';
import { groupOf, type Kinds } from './kinds.ts';
import type { PodMetric, PodMetrics } from './podGroups.ts';

export interface MetricsClient {
  /** `container`: of that one alone; empty: the sum of the pod. */
  resource(name: string, namespace: string, pods: Selector, container: string): Promise<PodMetrics>;
  ofPods(metric: string, namespace: string, pods: Selector, selector: Selector): Promise<PodMetrics>;
  ofObject(metric: string, namespace: string, about: CrossVersionObjectReference, selector: Selector): Promise<bigint>;
  external(metric: string, namespace: string, selector: Selector): Promise<bigint[]>;
}

interface MetricValues {
  items?: MetricValue[];
}

interface MetricValue {
  describedObject?: { name: string };
  timestamp: string;
  /** Its name in v1beta2 and in v1beta1. */
  windowSeconds?: number;
  window?: number;
  value: string;
}

interface PodUsages {
  items?: {
    metadata: { name: string; namespace: string };
    timestamp: string;
    window: string;
    containers?: { name: string; usage?: Record<string, string> }[];
  }[];
}

const custom = 'custom.metrics.k8s.io';
const defaultWindow = 60_000;
const milli = (text: string): bigint => milliInt64(parseQuantity(text));

export function createMetricsClient(client: Client, kinds: Kinds, clock: Clock): MetricsClient {
  const version = customVersion(client, clock);
  return {
    async resource(name, namespace, pods, container) {
      const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods${query({ labelSelector: pods.toString() })}`;
      const list = await ask<PodUsages>(client, 'resource', path, 'pods.metrics.k8s.io');
      const items = some(list.items, 'resource');
      return container ? ofContainer(items, name, container) : ofWholePods(items, name);
    },
    async ofPods(metric, namespace, pods, selector) {
      const options = { labelSelector: pods.toString(), metricLabelSelector: selector.toString() };
      const path = `/apis/${custom}/${await version()}/namespaces/${namespace}/pods/*/${metric}${query(options)}`;
      const list = await ask<MetricValues>(client, 'custom', path, `pods.${custom} *`);
      return new Map(some(list.items, 'custom').map((m) => [m.describedObject?.name ?? '', sampleOf(m)]));
    },
    async ofObject(metric, namespace, about, selector) {
      const { path, name } = await objectPath(kinds, namespace, about);
      const at = `/apis/${custom}/${await version()}/namespaces/${namespace}/${path}/${metric}`;
      const options = query({ metricLabelSelector: selector.toString() });
      const { items = [] } = await ask<MetricValues>(client, 'custom', at + options, name);
      if (items.length === 1) return milli(items[0]!.value);
      const count = `the custom metrics API server returned ${items.length} results when we asked for exactly one`;
      throw new Error(unable('custom', count));
    },
    async external(metric, namespace, selector) {
      const options = query({ labelSelector: selector.toString() });
      const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${metric}${options}`;
      const list = await ask<MetricValues>(client, 'external', path, `${metric}.external.metrics.k8s.io`);
      return some(list.items, 'external').map((m) => milli(m.value));
    },
  };
}

const unable = (api: string, why: string) => `unable to fetch metrics from ${api} metrics API: ${why}`;

function some<T>(items: T[] | undefined, api: string): T[] {
  if (!items?.length) throw new Error(`no metrics returned from ${api} metrics API`);
  return items;
}

function query(options: Record<string, string>): string {
  const given = Object.entries(options).filter(([, value]) => value);
  return given.length ? `?${new URLSearchParams(given)}` : '';
}

/** `about`: what a refusal is about that does not come from an API server; client-go adds it to such messages. */
async function ask<T>(client: Client, api: string, path: string, about: string): Promise<T> {
  try {
    return await client.raw<T>('GET', path);
  } catch (error) {
    throw new Error(unable(api, refusal(error, about)), { cause: error });
  }
}

function refusal(error: unknown, about: string): string {
  const { message } = error as Error;
  if (!(error instanceof StatusError) || error.status.details?.kind || !isGeneric(error)) return message;
  return `${error.code === 503 ? unavailable : message} (get ${about})`;
}

/** The aggregation layer's own words are left out, as client-go does. */
const unavailable = 'the server is currently unable to handle the request';

/** The other side sent no Status: what its code stands for was put in place. */
const isGeneric = (error: StatusError): boolean =>
  Boolean(error.status.details?.causes?.every((c) => c.reason === 'UnexpectedServerResponse'));

/** In the resource's own name: `pods/x`, `deployments.apps/x`; a metric of the namespace itself has a path of its own. */
async function objectPath(kinds: Kinds, namespace: string, { apiVersion, kind, name }: CrossVersionObjectReference) {
  const group = groupOf(apiVersion);
  // A metric is of the autoscaler's own namespace, whatever is written.
  if (kind === 'Namespace' && !group) return { path: 'metrics', name: `metrics.${custom} ${namespace}` };
  const [found] = await kinds.find(group, kind).catch((error) => {
    const text = group ? `${kind}.${group}` : kind;
    throw new Error(unable('custom', `unable to map kind ${text} to resource: ${error.message}`));
  });
  const resource = groupResource(found!);
  return { path: `${resource}/${name}`, name: `${resource}.${custom} ${name}` };
}

function sampleOf({ value, timestamp, windowSeconds, window }: MetricValue): PodMetric {
  const seconds = windowSeconds ?? window;
  return { value: milli(value), at: timeOf(timestamp), window: seconds === undefined ? defaultWindow : seconds * 1000 };
}

type Usages = NonNullable<PodUsages['items']>;

const podSample = (pod: Usages[number], value: bigint): [string, PodMetric] => [
  pod.metadata.name,
  { value, at: timeOf(pod.timestamp), window: parseDuration(pod.window) ?? 0 },
];

/** A pod that lacks the resource in one container has no sample. */
function ofWholePods(items: Usages, resource: string): PodMetrics {
  const metrics: PodMetrics = new Map();
  for (const pod of items) {
    const used = (pod.containers ?? []).map((c) => c.usage?.[resource]);
    if (!used.length || used.includes(undefined)) continue;
    const sum = used.reduce((n, text) => n + milli(text!), 0n);
    metrics.set(...podSample(pod, sum));
  }
  return metrics;
}

function ofContainer(items: Usages, resource: string, container: string): PodMetrics {
  const metrics: PodMetrics = new Map();
  for (const pod of items) {
    const found = pod.containers?.find((c) => c.name === container);
    const { namespace, name } = pod.metadata;
    if (!found)
      throw new Error(
        `failed to get container metrics: container ${container} not present in metrics for pod ${namespace}/${name}`,
      );
    const text = found.usage?.[resource];
    if (text !== undefined) metrics.set(...podSample(pod, milli(text)));
  }
  return metrics;
}

const askAgainAfter = 600_000;
const versions = ['v1beta2', 'v1beta1'];

/** The version that the server of custom metrics prefers, of those we speak; asked again every ten minutes, and while there is none. */
function customVersion(client: Client, clock: Clock): () => Promise<string> {
  let known: { version: string; at: number } | undefined;
  return async () => {
    if (known && clock.now() - known.at < askAgainAfter) return known.version;
    type Group = { preferredVersion?: { version: string }; versions?: { version: string }[] };
    const group = await client.raw<Group>('GET', `/apis/${custom}`).catch((error): Group => {
      if (error instanceof StatusError && error.code === 404) return {};
      throw new Error(unable('custom', error.message), { cause: error });
    });
    const served = (group.versions ?? []).map((v) => v.version);
    const version = [group.preferredVersion?.version ?? '', ...versions].find(
      (v) => versions.includes(v) && served.includes(v),
    );
    if (!version) throw new Error(unable('custom', `no custom metrics API (${custom}) registered`));
    known = { version, at: clock.now() };
    return version;
  };
}
