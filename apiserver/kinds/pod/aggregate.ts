// What the containers of a pod ask for together: the sum of those that run side by side, or the most that one init step needs.
// Mirrors: staging/src/k8s.io/component-helpers/resource/helpers.go, AggregateContainerRequests and AggregateContainerLimits.
// Used by: podLevelResources.ts (defaults) and resources.ts (rules).
import { addQuantities, compareQuantities, parseQuantity, type Quantity } from '../../../apimachinery/quantity.ts';

export type Amounts = Map<string, Quantity>;

export function addAmounts(into: Amounts, list: Record<string, string> | undefined): void {
  for (const name in list) {
    const more = parseQuantity(list[name]!);
    const known = into.get(name);
    into.set(name, known ? addQuantities(known, more) : more);
  }
}

function raise(into: Amounts, other: Amounts): void {
  for (const [name, amount] of other) {
    const known = into.get(name);
    if (!known || compareQuantities(amount, known) > 0) into.set(name, amount);
  }
}

/** `of`: requests or limits. Sidecars (init containers that restart) count beside everything that starts after them. */
export function aggregate(spec: any, of: 'requests' | 'limits'): Amounts {
  const total: Amounts = new Map();
  for (const container of spec.containers ?? []) addAmounts(total, container.resources?.[of]);
  const sidecars: Amounts = new Map();
  const steps: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    const list = container.resources?.[of];
    if (container.restartPolicy === 'Always') {
      addAmounts(total, list);
      addAmounts(sidecars, list);
      raise(steps, sidecars);
    } else {
      const step: Amounts = new Map(sidecars);
      addAmounts(step, list);
      raise(steps, step);
    }
  }
  raise(total, steps);
  return total;
}
