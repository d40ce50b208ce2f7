// What a pod asks for and may use in all: containers together, or the largest init container if that is more, sidecars
// beside both, pod-level resources in their place, and the overhead on top.
// Reads: pods. Writes: amounts by resource name. Mirrors: component-helpers/resource/helpers.go.
// Used by: scheduler (fit and scores), kubelet (admission, cgroups), `kubectl describe node`-like sums.
import { isRestartableInit } from './podUtil.ts';
import {
  addQuantities,
  compareQuantities,
  integerValue,
  isZero,
  milliValue,
  parseQuantity,
  type Quantity,
  quantityText,
} from './quantity.ts';
import type { Container, ContainerStatus, Pod } from './types.ts';

/** Quantities as text, as specs hold them. */
export type ResourceList = Readonly<Record<string, string>>;
export type Amounts = Map<string, Quantity>;

export interface PodResourcesOptions {
  /** Count what containers have right now if that is more: for nodes, during a resize. */
  useStatus?: boolean;
  excludeOverhead?: boolean;
  /** What a container without a request counts for: scores treat nothing as a little. */
  nonMissing?: ResourceList;
}

type Kind = 'requests' | 'limits';

export function amountsOf(list: ResourceList | undefined): Amounts {
  const amounts: Amounts = new Map();
  for (const name in list) amounts.set(name, parseQuantity(list[name]!));
  return amounts;
}

export function addAmounts(total: Amounts, more: Amounts): void {
  for (const [name, quantity] of more) {
    const old = total.get(name);
    total.set(name, old ? addQuantities(old, quantity) : quantity);
  }
}

/** Keeps the larger amount of each. */
export function maxAmounts(total: Amounts, other: Amounts): void {
  for (const [name, quantity] of other) {
    const old = total.get(name);
    if (!old || compareQuantities(quantity, old) > 0) total.set(name, quantity);
  }
}

export const amountsText = (amounts: Amounts): Record<string, string> =>
  Object.fromEntries(Array.from(amounts, ([name, q]) => [name, quantityText(q)]));

/** CPU in thousandths, everything else in whole units, rounded up: what schedulers count with. */
export const amountNumber = (name: string, q: Quantity): number => (name === 'cpu' ? milliValue(q) : integerValue(q));

const isInfeasible = (pod: Pod): boolean =>
  pod.status?.conditions?.find((c) => c.type === 'PodResizePending')?.reason === 'Infeasible';

function fromStatus(pod: Pod, kind: Kind, spec: Amounts, status: ContainerStatus): Amounts {
  const effective: Amounts = isInfeasible(pod) ? new Map() : new Map(spec);
  maxAmounts(effective, amountsOf(status.resources?.[kind]));
  if (kind === 'requests') maxAmounts(effective, amountsOf(status.allocatedResources));
  return effective;
}

function statusOf(pod: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return [...initContainerStatuses, ...containerStatuses].findLast((s) => s.name === name);
}

function ofContainer(pod: Pod, c: Container, kind: Kind, o: PodResourcesOptions, hasStatus: boolean): Amounts {
  let amounts = amountsOf(c.resources?.[kind]);
  const status = o.useStatus && hasStatus ? statusOf(pod, c.name) : undefined;
  if (status?.resources) amounts = fromStatus(pod, kind, amounts, status);
  if (kind === 'requests') {
    for (const [name, q] of amountsOf(o.nonMissing)) if (!amounts.has(name)) amounts.set(name, q);
  }
  return amounts;
}

function ofContainers(pod: Pod, kind: Kind, o: PodResourcesOptions): Amounts {
  const total: Amounts = new Map();
  for (const c of pod.spec?.containers ?? []) addAmounts(total, ofContainer(pod, c, kind, o, true));
  const sidecars: Amounts = new Map();
  const starting: Amounts = new Map();
  for (const c of pod.spec?.initContainers ?? []) {
    const restartable = isRestartableInit(c);
    const own = ofContainer(pod, c, kind, o, restartable);
    if (restartable) {
      addAmounts(total, own);
      addAmounts(sidecars, own);
      maxAmounts(starting, sidecars);
    } else {
      // An init container runs beside the sidecars that were started before it.
      addAmounts(own, sidecars);
      maxAmounts(starting, own);
    }
  }
  maxAmounts(total, starting);
  return total;
}

const atPodLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

function applyPodLevel(pod: Pod, kind: Kind, total: Amounts): void {
  for (const [name, q] of amountsOf(pod.spec?.resources?.[kind])) if (atPodLevel(name)) total.set(name, q);
}

/** What a node must have free for this pod. */
export function podRequests(pod: Pod, options: PodResourcesOptions = {}): Amounts {
  const total = ofContainers(pod, 'requests', options);
  applyPodLevel(pod, 'requests', total);
  if (!options.excludeOverhead) addAmounts(total, amountsOf(pod.spec?.overhead));
  return total;
}

/** What a pod may use; overhead counts only where there is a limit. */
export function podLimits(pod: Pod, options: PodResourcesOptions = {}): Amounts {
  const total = ofContainers(pod, 'limits', options);
  applyPodLevel(pod, 'limits', total);
  if (options.excludeOverhead) return total;
  for (const [name, q] of amountsOf(pod.spec?.overhead)) {
    const limit = total.get(name);
    if (limit && !isZero(limit)) total.set(name, addQuantities(limit, q));
  }
  return total;
}
