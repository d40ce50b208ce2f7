// How much of a quota a ResourceClaim uses: itself, and of each class of devices as many as it may be given at most.
// Pure. Mirrors: pkg/quota/v1/evaluator/core/resource_claims.go. Used by: evaluators.ts.
import { addQuantities, quantityOf } from '../quantity.ts';
import type { Amounts } from '../resourceHelpers.ts';
import type { Evaluator } from './evaluators.ts';

const countName = 'count/resourceclaims.resource.k8s.io';
const perClass = '.deviceclass.resource.k8s.io/devices';
/** As many as one claim can be given: a request for all of them may come to that. */
const mostDevices = 32;

export const deviceClaims: Evaluator = {
  charged: ['CREATE', 'UPDATE'],
  matching: (names) => names.filter((name) => name === countName || name.endsWith(perClass)),
  usage({ spec }): Amounts {
    const usage: Amounts = new Map([[countName, quantityOf(1)]]);
    for (const { exactly, firstAvailable } of spec?.devices?.requests ?? [])
      for (const [className, count] of firstAvailable?.length
        ? worst(firstAvailable)
        : worst(exactly ? [exactly] : [])) {
        const name = className + perClass;
        usage.set(name, addQuantities(usage.get(name) ?? quantityOf(0), quantityOf(count)));
      }
    return usage;
  },
};

/** Only one of the alternatives comes true: of each class the one that asks for the most counts. */
function worst(alternatives: readonly any[]): Map<string, number> {
  const most = new Map<string, number>();
  for (const { deviceClassName, allocationMode = 'ExactCount', count = 1 } of alternatives) {
    const devices = allocationMode === 'All' ? mostDevices : allocationMode === 'ExactCount' ? count : 0;
    most.set(deviceClassName, Math.max(most.get(deviceClassName) ?? 0, devices));
  }
  return most;
}
