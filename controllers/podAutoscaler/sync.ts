// One look of an autoscaler: how large is the target, how large should it be, scale it, say what was found.
// Reads: */scale, the metrics. Writes: */scale, horizontalpodautoscalers/status, Events.
// Mirrors: reconcileAutoscaler in pkg/controller/podautoscaler/horizontal.go. Called by: podAutoscaler.ts; next: metrics.ts, normalize.ts.
import { horizontalPodAutoscalers, type Resource } from '../../apimachinery/resources.ts';
import type { HorizontalPodAutoscaler, Scale } from '../../apimachinery/types.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { type Behavior, longestPeriod, normalizeByBehavior } from './behavior.ts';
import { type Draft, draftOf, planStatus, type Sizes } from './conditions.ts';
import { groupOf, type Kinds } from './kinds.ts';
import { type Memory, newMemory, remember } from './memory.ts';
import { type Computed, computeReplicas, type MetricsDeps } from './metrics.ts';
import { type Action, actionOf } from './monitor.ts';
import { normalize } from './normalize.ts';

export interface SyncDeps extends MetricsDeps {
  kinds: Kinds;
  memories: Map<string, Memory>;
}

interface Target {
  resource: Resource;
  scale: Scale;
}

export interface Synced {
  action: Action;
  /** Of a metric, where others decided. */
  error?: Error;
}

/** Rejects with what went wrong after it was told in Events and conditions: the next look is the retry. */
export async function sync(hpa: HorizontalPodAutoscaler, context: ControllerContext, deps: SyncDeps): Promise<Synced> {
  const now = context.clock.now();
  const draft = draftOf(hpa, now);
  const target = await getScale(hpa, draft, context, deps.kinds);
  const current = target.scale.spec?.replicas ?? 0;
  const key = keyOf(hpa);
  const memory = deps.memories.get(key) ?? newMemory(current, now);
  deps.memories.set(key, memory);
  const decided = await decide(hpa, target.scale, memory, draft, context, deps);
  const sizes: Sizes = { current, desired: decided.replicas, metrics: decided.statuses };
  if (decided.replicas !== current) {
    await rescale(hpa, target, decided, sizes, draft, context);
    sizes.scaledAt = context.clock.now();
    const rules = decided.replicas > current ? hpa.spec?.behavior?.scaleUp : hpa.spec?.behavior?.scaleDown;
    if (rules) remember(memory, current, decided.replicas, sizes.scaledAt, longestPeriod(rules));
  }
  await write(hpa, draft, context, sizes);
  return { action: actionOf(current, decided.replicas), error: decided.error };
}

async function getScale(
  hpa: HorizontalPodAutoscaler,
  draft: Draft,
  context: ControllerContext,
  kinds: Kinds,
): Promise<Target> {
  try {
    const target = await scaleOf(hpa, context, kinds);
    const message = "the HPA controller was able to get the target's current scale";
    draft.set({ type: 'AbleToScale', status: 'True', reason: 'SucceededGetScale', message });
    return target;
  } catch (error) {
    const { message: why } = error as Error;
    context.events.event(hpa, 'Warning', 'FailedGetScale', why);
    const message = `the HPA controller was unable to get the target's current scale: ${why}`;
    draft.set({ type: 'AbleToScale', status: 'False', reason: 'FailedGetScale', message });
    await write(hpa, draft, context);
    throw error;
  }
}

/** Of the first resource with this kind that has an object of this name. */
async function scaleOf(hpa: HorizontalPodAutoscaler, { client }: ControllerContext, kinds: Kinds): Promise<Target> {
  const { apiVersion, kind, name } = hpa.spec!.scaleTargetRef;
  let first: unknown;
  for (const resource of await kinds.find(groupOf(apiVersion), kind)) {
    try {
      const scale = await client.get(resource, name, hpa.metadata.namespace, { subresource: 'scale' });
      return { resource, scale: scale as unknown as Scale };
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

interface Decided {
  replicas: number;
  /** Why, as the event of the rescale says. */
  reason: string;
  statuses?: Computed['statuses'];
  error?: Error;
}

async function decide(
  hpa: HorizontalPodAutoscaler,
  scale: Scale,
  memory: Memory,
  draft: Draft,
  context: ControllerContext,
  deps: SyncDeps,
): Promise<Decided> {
  const current = scale.spec?.replicas ?? 0;
  const { minReplicas: min = 1, maxReplicas: max } = hpa.spec!;
  if (current === 0 && min !== 0) {
    const message = 'scaling is disabled since the replica count of the target is zero';
    draft.set({ type: 'ScalingActive', status: 'False', reason: 'ScalingDisabled', message });
    return { replicas: 0, reason: '' };
  }
  if (current > max) return { replicas: max, reason: 'Current number of replicas above Spec.MaxReplicas' };
  if (current < min) return { replicas: min, reason: 'Current number of replicas below Spec.MinReplicas' };
  const computed = await computeReplicas(hpa, scale, draft, context, deps);
  if (computed.replicas === undefined) return giveUp(hpa, current, computed, draft, context);
  const limits = { current, desired: computed.replicas, min, max };
  const window = deps.options.downscaleStabilization;
  const now = context.clock.now();
  const { replicas, able, limited } = hpa.spec!.behavior
    ? normalizeByBehavior(limits, hpa.spec!.behavior as Behavior, memory, window, now)
    : normalize(limits, memory, window, now);
  draft.set({ type: 'AbleToScale', status: 'True', ...able });
  draft.set({ type: 'ScalingLimited', ...limited });
  const { statuses, error } = computed;
  return { replicas, reason: reasonOf(computed, current), statuses, error };
}

function reasonOf({ replicas, name }: Computed, current: number): string {
  if (replicas === current) return '';
  return replicas! > current ? `${name} above target` : 'All metrics below target';
}

async function giveUp(
  hpa: HorizontalPodAutoscaler,
  current: number,
  { statuses, error }: Computed,
  draft: Draft,
  context: ControllerContext,
): Promise<never> {
  await write(hpa, draft, context, { current, desired: hpa.status?.desiredReplicas ?? 0, metrics: statuses });
  context.events.event(hpa, 'Warning', 'FailedComputeMetricsReplicas', error!.message);
  throw error;
}

async function rescale(
  hpa: HorizontalPodAutoscaler,
  { resource, scale }: Target,
  { replicas, reason }: Decided,
  sizes: Sizes,
  draft: Draft,
  context: ControllerContext,
): Promise<void> {
  try {
    const wanted = { ...scale, spec: { ...scale.spec, replicas } };
    await context.client.update(resource, wanted as never, { subresource: 'scale' });
  } catch (error) {
    const { message: why } = error as Error;
    const told = `New size: ${replicas}; reason: ${reason}; error: ${why}`;
    context.events.event(hpa, 'Warning', 'FailedRescale', told);
    const message = `the HPA controller was unable to update the target scale: ${why}`;
    draft.set({ type: 'AbleToScale', status: 'False', reason: 'FailedUpdateScale', message });
    await write(hpa, draft, context, {
      ...sizes,
      desired: hpa.status?.desiredReplicas ?? 0,
      metrics: hpa.status?.currentMetrics,
    });
    throw error;
  }
  const message = `the HPA controller was able to update the target scale to ${replicas}`;
  draft.set({ type: 'AbleToScale', status: 'True', reason: 'SucceededRescale', message });
  context.events.event(hpa, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`);
}

async function write(hpa: HorizontalPodAutoscaler, draft: Draft, context: ControllerContext, sizes?: Sizes) {
  const status = planStatus(hpa, draft, sizes);
  if (!status) return;
  try {
    await context.client.updateStatus(horizontalPodAutoscalers, { ...hpa, status } as never);
  } catch (error) {
    context.events.event(hpa, 'Warning', 'FailedUpdateStatus', (error as Error).message);
    throw error;
  }
}
