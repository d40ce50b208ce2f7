// The quality of service class: who is evicted first when a node runs short.
// Mirrors: pkg/apis/core/helper/qos/qos.go.
// Called by: prepare.ts at creation, resize.ts to hold it.
import { equalQuantities, parseQuantity, type Quantity, signOf } from '../../../apimachinery/quantity.ts';
import { type Amounts, addAmounts } from './aggregate.ts';

export type QOSClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** The entries that count: CPU and memory above zero. */
function counted(list: Record<string, string> | undefined): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['cpu', 'memory']) {
    const amount = list?.[name];
    if (amount !== undefined && signOf(parseQuantity(amount)) > 0) kept[name] = amount;
  }
  return kept;
}

const sameAmounts = (a: Amounts, b: Amounts): boolean =>
  a.size === b.size &&
  [...a].every(([name, amount]) => b.has(name) && equalQuantities(amount, b.get(name) as Quantity));

export function qosClass(spec: any): QOSClass {
  const own = spec.resources;
  const ofPod = own && (Object.keys(own.requests ?? {}).length > 0 || Object.keys(own.limits ?? {}).length > 0);
  const parts: any[] = ofPod
    ? [own]
    : [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((c) => c.resources);
  const requests: Amounts = new Map();
  const limits: Amounts = new Map();
  let guaranteed = true;
  for (const part of parts) {
    const limit = counted(part?.limits);
    addAmounts(requests, counted(part?.requests));
    addAmounts(limits, limit);
    if (!limit.cpu || !limit.memory) guaranteed = false;
  }
  if (!requests.size && !limits.size) return 'BestEffort';
  return guaranteed && sameAmounts(requests, limits) ? 'Guaranteed' : 'Burstable';
}
