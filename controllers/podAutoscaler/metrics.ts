// All metrics of an autoscaler together: the one that asks for the most replicas counts, and what fails must not scale down.
// Reads: pods; metric.ts. Mirrors: computeReplicasForMetrics, validateAndParseSelector in pkg/controller/podautoscaler/horizontal.go.
// Used by: sync.ts.
import { parseLabelSelector, type Selector } from '../../apimachinery/labelSelector.ts';
import { parseQuantity, scaledValue } from '../../apimachinery/quantity.ts';
import { pods } from '../../apimachinery/resources.ts';
import type { HorizontalPodAutoscaler, MetricStatus, Pod, Scale } from '../../apimachinery/types.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import type { Draft } from './conditions.ts';
import type { AutoscalerOptions } from './flags.ts';
import { type Measured, MetricError, measure, type Question } from './metric.ts';
import type { MetricsClient } from './metricsClient.ts';
import type { Monitor } from './monitor.ts';
import type { Tolerances } from './replicas.ts';

export interface Computed {
  /** undefined: nothing can be said. */
  replicas?: number;
  /** The metric that decided, as the event names it. */
  name: string;
  statuses?: MetricStatus[];
  /** Of the first metric that failed, though others may have worked. */
  error?: Error;
}

export interface MetricsDeps {
  options: AutoscalerOptions;
  metrics: MetricsClient;
  monitor: Monitor;
  /** Which pods every autoscaler takes for its own, by the last look. */
  selectors: Map<string, Selector>;
}

export async function computeReplicas(
  hpa: HorizontalPodAutoscaler,
  scale: Scale,
  draft: Draft,
  context: ControllerContext,
  deps: MetricsDeps,
): Promise<Computed> {
  const inactive = (reason: string, message: string) =>
    draft.set({ type: 'ScalingActive', status: 'False', reason, message });
  const chosen = choosePods(hpa, scale.status?.selector ?? '', context, deps.selectors);
  if ('reason' in chosen) {
    context.events.event(hpa, 'Warning', chosen.event, chosen.told);
    inactive(chosen.reason, chosen.message);
    return { name: '', error: new Error(chosen.told) };
  }
  const question = questionOf(hpa, scale, chosen, context, deps.options);
  const current = hpa.status?.currentReplicas ?? 0;
  const results = await Promise.all(
    (hpa.spec?.metrics ?? []).map((m) =>
      deps.monitor.metric(m.type, current, () => measure(m, question, deps.metrics)),
    ),
  );
  const failed = results.filter((r) => r instanceof MetricError);
  for (const { reason, told } of failed) context.events.event(hpa, 'Warning', reason, told);
  const best = mostOf(results);
  const statuses = results.map((r) => (r instanceof MetricError ? nothingKnown : r.status));
  const [first] = failed;
  const counts = `${failed.length} invalid out of ${results.length}`;
  const error = first && new Error(`invalid metrics (${counts}), first error is: ${first.message}`);
  // What failed might have asked for more: up is right all the same, down is not.
  if (!best || (first && best.replicas < (scale.spec?.replicas ?? 0))) {
    if (first) inactive(first.reason, `the HPA was unable to compute the replica count: ${first.told}`);
    return { name: '', statuses, error: error ?? new Error('no metrics') };
  }
  const message = `the HPA was able to successfully calculate a replica count from ${best.name}`;
  draft.set({ type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound', message });
  return { replicas: best.replicas, name: best.name, statuses, error };
}

const nothingKnown: MetricStatus = { type: '' };

/** The first of those that ask for the most. */
function mostOf(results: readonly (Measured | MetricError)[]): Measured | undefined {
  let best: Measured | undefined;
  for (const r of results) if (!(r instanceof MetricError) && (!best || r.replicas > best.replicas)) best = r;
  return best;
}

interface Chosen {
  selector: Selector;
  pods: Pod[];
}

interface Refused {
  event: string;
  told: string;
  reason: string;
  message: string;
}

function choosePods(
  hpa: HorizontalPodAutoscaler,
  text: string,
  { informers }: ControllerContext,
  selectors: Map<string, Selector>,
): Chosen | Refused {
  const refuse = (event: string, told: string, reason = event, message = told) => ({ event, told, reason, message });
  if (!text) {
    const missing = "the HPA target's scale is missing a selector";
    return refuse('SelectorRequired', 'selector is required', 'InvalidSelector', missing);
  }
  let selector: Selector;
  try {
    selector = parseLabelSelector(text);
  } catch (error) {
    const why = (error as Error).message;
    return refuse('InvalidSelector', `couldn't convert selector into a corresponding internal selector object: ${why}`);
  }
  selectors.set(keyOf(hpa), selector);
  const { namespace } = hpa.metadata;
  const mine = (informers.informer(pods).list(namespace) as Pod[]).filter((p) => selector.matches(p.metadata.labels));
  const owners = [...selectors.keys()].filter((key) => key.startsWith(`${namespace}/`)).sort();
  const several = owners.filter((key) => mine.some((p) => selectors.get(key)!.matches(p.metadata.labels)));
  if (several.length < 2) return { selector, pods: mine };
  const named = several.map((key) => `{${key.split('/')[1]} ${namespace}}`).join(' ');
  return refuse('AmbiguousSelector', `pods by selector ${text} are controlled by multiple HPAs: [${named}]`);
}

function questionOf(
  hpa: HorizontalPodAutoscaler,
  scale: Scale,
  { selector, pods: mine }: Chosen,
  { clock }: ControllerContext,
  o: AutoscalerOptions,
): Question {
  const warmup = {
    cpuInitializationPeriod: o.cpuInitializationPeriod,
    initialReadinessDelay: o.initialReadinessDelay,
    now: clock.now(),
  };
  const replicas = scale.spec?.replicas ?? 0;
  return {
    namespace: hpa.metadata.namespace!,
    pods: selector,
    now: { replicas, pods: mine, tolerances: tolerancesOf(hpa, o), warmup },
    running: scale.status?.replicas ?? 0,
  };
}

export function tolerancesOf(hpa: HorizontalPodAutoscaler, o: AutoscalerOptions): Tolerances {
  const { scaleUp, scaleDown } = hpa.spec?.behavior ?? {};
  const own = (text: string | undefined) =>
    o.ownTolerances && text !== undefined ? scaledValue(parseQuantity(text), -9) / 1e9 : o.tolerance;
  return { up: own(scaleUp?.tolerance), down: own(scaleDown?.tolerance) };
}
