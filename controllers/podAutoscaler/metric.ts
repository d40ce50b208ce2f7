// One metric of an autoscaler: asks for it, works out how many replicas it wants, and how it shows in the status.
// Reads: metricsClient.ts, replicas.ts. Mirrors: computeReplicasForMetric in pkg/controller/podautoscaler/horizontal.go.
// Used by: metrics.ts.
import { goQuote } from '../../apimachinery/goQuote.ts';
import { type Selector, selectorOf } from '../../apimachinery/labelSelector.ts';
import { milliInt64, milliQuantityOf, parseQuantity, quantityText } from '../../apimachinery/quantity.ts';
import type { LabelSelector, MetricSpec, MetricStatus, MetricTarget } from '../../apimachinery/types.ts';
import { goSelector } from '../common/goSelector.ts';
import type { MetricsClient } from './metricsClient.ts';
import type { PodMetrics } from './podGroups.ts';
import {
  averageReplicas,
  type Current,
  type Proposal,
  sharedReplicas,
  total,
  utilizationReplicas,
  wholeReplicas,
} from './replicas.ts';

export interface Measured {
  replicas: number;
  /** As the event of a rescale names it: `cpu resource utilization (percentage of request)`. */
  name: string;
  status: MetricStatus;
}

export interface Question {
  namespace: string;
  /** Of the pods of the target. */
  pods: Selector;
  /** `replicas` of the scale's spec. */
  now: Current;
  /** `replicas` of the scale's status. */
  running: number;
}

/** The metric could not be had. `reason` is for the event and the condition, `message` for the first error of the list. */
export class MetricError extends Error {
  readonly reason: string;
  readonly told: string;
  /** `told`: the event's text. */
  constructor(reason: string, told: string, message: string) {
    super(message);
    this.reason = reason;
    this.told = told;
  }
}

type Kind = (spec: any, q: Question, client: MetricsClient) => Promise<Measured>;

const kinds: Record<string, { field: string; reason: string; kind: Kind; failed(spec: any): string }> = {
  Object: {
    field: 'object',
    reason: 'FailedGetObjectMetric',
    kind: ofObject,
    failed: () => 'failed to get object metric value',
  },
  Pods: {
    field: 'pods',
    reason: 'FailedGetPodsMetric',
    kind: ofPods,
    failed: () => 'failed to get pods metric value',
  },
  Resource: {
    field: 'resource',
    reason: 'FailedGetResourceMetric',
    kind: ofResource,
    failed: ({ name }) => `failed to get ${name} resource metric value`,
  },
  ContainerResource: {
    field: 'containerResource',
    reason: 'FailedGetContainerResourceMetric',
    kind: ofContainerResource,
    failed: ({ container }) => `failed to get ${container} container metric value`,
  },
  External: {
    field: 'external',
    reason: 'FailedGetExternalMetric',
    kind: ofExternal,
    failed: ({ metric }) => `failed to get ${metric.name} external metric value`,
  },
};

/** Rejects with a MetricError. */
export async function measure(spec: MetricSpec, question: Question, client: MetricsClient): Promise<Measured> {
  const row = Object.hasOwn(kinds, spec.type) ? kinds[spec.type] : undefined;
  if (!row) {
    const unknown = `unknown metric source type ${goQuote(spec.type)}`;
    throw new MetricError('InvalidMetricSourceType', unknown, unknown);
  }
  const source = (spec as any)[row.field];
  try {
    return await row.kind(source, question, client);
  } catch (error) {
    // Some errors are told without what was tried to do; the list of failures has it with them all.
    const { told = (error as Error).message, message } = error as { told?: string; message: string };
    throw new MetricError(row.reason, told, `${row.failed(source)}: ${message}`);
  }
}

const text = (milli: bigint): string => quantityText(milliQuantityOf(milli));
const milli = (quantity: string): bigint => milliInt64(parseQuantity(quantity));
const averageOf = ({ usage }: Proposal) => ({ averageValue: text(usage) });

/** Runs `work`; its error comes with `what` before it. */
async function during<T>(what: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** The same, where upstream's event has the bare error and only the list of failures says what was tried. */
async function quietly<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { message } = error as Error;
    throw Object.assign(new Error(`${what}: ${message}`, { cause: error }), { told: message });
  }
}

const identifier = ({ name, selector }: { name: string; selector?: LabelSelector }) => ({
  name,
  ...(selector ? { selector } : {}),
});

async function ofResource({ name, target }: any, q: Question, client: MetricsClient): Promise<Measured> {
  const { proposal, current, title } = await resourceOf(name, '', target, q, client);
  return { replicas: proposal.replicas, name: title, status: { type: 'Resource', resource: { name, current } } };
}

async function ofContainerResource(
  { name, container, target }: any,
  q: Question,
  client: MetricsClient,
): Promise<Measured> {
  const { proposal, current, title } = await resourceOf(name, container, target, q, client);
  const containerResource = { name, container, current };
  return { replicas: proposal.replicas, name: title, status: { type: 'ContainerResource', containerResource } };
}

function resourceOf(name: string, container: string, target: MetricTarget, q: Question, client: MetricsClient) {
  const { averageValue, averageUtilization } = target;
  const samples = (): Promise<PodMetrics> =>
    during(`unable to get metrics for resource ${name}`, () => client.resource(name, q.namespace, q.pods, container));
  if (averageValue !== undefined)
    return during(`failed to get ${name} usage`, async () => {
      const proposal = averageReplicas(q.now, await samples(), milli(averageValue), name);
      return { proposal, current: averageOf(proposal), title: `${name} resource` };
    });
  if (averageUtilization === undefined)
    throw new Error(
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    );
  return during(`failed to get ${name} utilization`, async () => {
    const proposal = utilizationReplicas(q.now, await samples(), averageUtilization, name, container);
    const current = { averageUtilization: proposal.utilization, ...averageOf(proposal) };
    const kind = container ? 'container resource' : 'resource';
    return { proposal, current, title: `${name} ${kind} utilization (percentage of request)` };
  });
}

async function ofPods({ metric, target }: any, q: Question, client: MetricsClient): Promise<Measured> {
  const selector = selectorOf(metric.selector);
  const samples = await during(`unable to get metric ${metric.name}`, () =>
    client.ofPods(metric.name, q.namespace, q.pods, selector),
  );
  const proposal = averageReplicas(q.now, samples, milli(target.averageValue));
  return {
    replicas: proposal.replicas,
    name: `pods metric ${metric.name}`,
    status: { type: 'Pods', pods: { metric: identifier(metric), current: averageOf(proposal) } },
  };
}

async function ofObject(
  { describedObject, metric, target }: any,
  q: Question,
  client: MetricsClient,
): Promise<Measured> {
  const selector = selectorOf(metric.selector);
  const usage = async (): Promise<bigint> => {
    try {
      return await client.ofObject(metric.name, q.namespace, describedObject, selector);
    } catch (error) {
      const { kind, name } = describedObject;
      // The order is upstream's.
      const why = `${kind} on ${q.namespace} ${name}/${(error as Error).message}`;
      throw new Error(`unable to get metric ${metric.name}: ${why}`, { cause: error });
    }
  };
  if (target.type === 'Value') {
    const proposal = wholeReplicas(q.now, await usage(), milli(target.value));
    const object = { describedObject, metric: identifier(metric), current: { value: text(proposal.usage) } };
    const name = `${describedObject.kind} metric ${metric.name}`;
    return { replicas: proposal.replicas, name, status: { type: 'Object', object } };
  }
  if (target.type === 'AverageValue')
    return quietly(`failed to get ${metric.name} object metric`, async () => {
      const proposal = sharedReplicas(q.running, q.now.tolerances, await usage(), milli(target.averageValue));
      // Upstream leaves the object out here.
      const nothing = { kind: '', name: '' };
      const object = { describedObject: nothing, metric: identifier(metric), current: averageOf(proposal) };
      return { replicas: proposal.replicas, name: externalName(metric), status: { type: 'Object', object } };
    });
  throw new Error('invalid object metric source: neither a value target nor an average value target was set');
}

const externalName = ({ name, selector }: { name: string; selector?: LabelSelector }) =>
  `external metric ${name}(${goSelector(selector)})`;

async function ofExternal({ metric, target }: any, q: Question, client: MetricsClient): Promise<Measured> {
  const usage = async (): Promise<bigint> => {
    const selector = selectorOf(metric.selector);
    const about = `${q.namespace}/${metric.name}/${goSelector(metric.selector)}`;
    const ask = () => client.external(metric.name, q.namespace, selector);
    return total(await during(`unable to get external metric ${about}`, ask));
  };
  const shown = (proposal: Proposal, current: object): Measured => ({
    replicas: proposal.replicas,
    name: externalName(metric),
    status: { type: 'External', external: { metric: identifier(metric), current } },
  });
  if (target.averageValue !== undefined)
    return quietly(`failed to get ${metric.name} external metric`, async () => {
      const proposal = sharedReplicas(q.running, q.now.tolerances, await usage(), milli(target.averageValue));
      return shown(proposal, averageOf(proposal));
    });
  if (target.value !== undefined)
    return quietly(`failed to get external metric ${metric.name}`, async () => {
      const proposal = wholeReplicas(q.now, await usage(), milli(target.value));
      return shown(proposal, { value: text(proposal.usage) });
    });
  throw new Error('invalid external metric source: neither a value target nor an average value target was set');
}
