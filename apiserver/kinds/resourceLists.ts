// Amounts by the names of resources, wherever core/v1 has them: kept to thousandths, finer ones rounded up.
// Mirrors: SetDefaults_ResourceList in pkg/apis/core/v1/defaults.go.
// Used by: the defaults of pods, claims, volumes, nodes, quotas and limit ranges.
import {
  integerValue,
  milliQuantityOf,
  multiplyQuantity,
  parseQuantity,
  quantityText,
} from '../../apimachinery/quantity.ts';

/** Canonical text of what is finer than a thousandth ends so. */
const finer = /(?:[nu]|[eE]-(?:6|9))$/;

/** In place. Its texts are canonical already. */
export function roundAmounts(list: Record<string, string> | null | undefined): void {
  for (const name in list) {
    const text = list[name];
    if (typeof text !== 'string' || !finer.test(text)) continue;
    const amount = parseQuantity(text);
    list[name] = quantityText(milliQuantityOf(Math.ceil(integerValue(multiplyQuantity(amount, 1000))), amount.format));
  }
}

/** `requests` and `limits`. */
export function roundResources(resources: any): void {
  if (!resources) return;
  roundAmounts(resources.requests);
  roundAmounts(resources.limits);
}
