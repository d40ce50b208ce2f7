// Sums of resources as quotas need them: masked, subtracted, compared, printed.
// Pure. Mirrors: staging/src/k8s.io/apiserver/pkg/quota/v1/resources.go. Used by: quota admission and the quota controller.
import { compareQuantities, isZero, quantityText, subtractQuantities, zeroQuantity } from '../quantity.ts';
import type { Amounts } from '../resourceHelpers.ts';

export const mask = (amounts: Amounts, names: Iterable<string>): Amounts => {
  const wanted = new Set(names);
  return new Map([...amounts].filter(([name]) => wanted.has(name)));
};

/** What is in either; absent counts as 0. */
export const subtract = (a: Amounts, b: Amounts): Amounts =>
  new Map(
    [...new Set([...a.keys(), ...b.keys()])].map((name) => [
      name,
      subtractQuantities(a.get(name) ?? zeroQuantity, b.get(name) ?? zeroQuantity),
    ]),
  );

export const withoutZeros = (amounts: Amounts): Amounts => new Map([...amounts].filter(([, q]) => !isZero(q)));

/** The names of which there is more than allowed; what is not limited is allowed. */
export const exceeding = (amounts: Amounts, limits: Amounts): string[] =>
  [...amounts]
    .filter(([name, q]) => limits.has(name) && compareQuantities(q, limits.get(name)!) > 0)
    .map(([name]) => name);

/** `cpu=1,pods=2`. */
export const amountsLine = (amounts: Amounts): string =>
  [...amounts.keys()]
    .sort()
    .map((name) => `${name}=${quantityText(amounts.get(name)!)}`)
    .join(',');
