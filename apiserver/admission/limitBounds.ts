// Is what somebody asks for within one item of a LimitRange? Pure. Each broken bound is one text, as upstream says it.
// Reads: the item and the amounts. Mirrors: minConstraint, maxConstraint and limitRequestRatioConstraint of plugin/pkg/admission/limitranger.
// Used by: limitRanger.ts.
import { compareQuantities, isZero, milliValue, parseQuantity, quantityText } from '../../apimachinery/quantity.ts';
import type { Amounts } from '../../apimachinery/resourceHelpers.ts';

type Texts = Record<string, string>;

/** An item of a LimitRange's spec.limits. */
export interface Bounds {
  type: string;
  min?: Texts;
  max?: Texts;
  maxLimitRequestRatio?: Texts;
}

export interface Asked {
  requests: Amounts;
  limits: Amounts;
}

/** Of a container, or of a pod's containers together. */
export function checkBounds({ type, min, max, maxLimitRequestRatio }: Bounds, asked: Asked): string[] {
  return [
    ...each(min, (name, bound) => minimum(type, name, bound, asked)),
    ...each(max, (name, bound) => maximum(type, name, bound, asked)),
    ...each(maxLimitRequestRatio, (name, bound) => ratio(type, name, bound, asked)),
  ];
}

/** A claim has no limits: its request is held to both bounds. */
export function checkClaimBounds({ type, min, max }: Bounds, requests: Amounts): string[] {
  const asked = { requests, limits: new Map() };
  return [
    ...each(min, (name, bound) => minimum(type, name, bound, asked)),
    ...each(max, (name, bound) => {
      const request = requests.get(name);
      const text = `maximum ${name} usage per ${type} is ${said(bound)}`;
      if (!request) return `${text}.  No request is specified`;
      return compareQuantities(request, parseQuantity(bound)) > 0 && `${text}, but request is ${quantityText(request)}`;
    }),
  ];
}

const each = (bounds: Texts | undefined, check: (name: string, bound: string) => string | false): string[] =>
  Object.keys(bounds ?? {})
    .sort()
    .map((name) => check(name, bounds![name]!))
    .filter((text) => text !== false);

const said = (bound: string) => quantityText(parseQuantity(bound));

function minimum(type: string, name: string, bound: string, { requests, limits }: Asked): string | false {
  const text = `minimum ${name} usage per ${type} is ${said(bound)}`;
  const least = parseQuantity(bound);
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (!request) return `${text}.  No request is specified`;
  if (compareQuantities(request, least) < 0) return `${text}, but request is ${quantityText(request)}`;
  return limit !== undefined && compareQuantities(limit, least) < 0 && `${text}, but limit is ${quantityText(limit)}`;
}

function maximum(type: string, name: string, bound: string, { requests, limits }: Asked): string | false {
  const text = `maximum ${name} usage per ${type} is ${said(bound)}`;
  const most = parseQuantity(bound);
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (!limit) return `${text}.  No limit is specified`;
  if (compareQuantities(limit, most) > 0) return `${text}, but limit is ${quantityText(limit)}`;
  return (
    request !== undefined && compareQuantities(request, most) > 0 && `${text}, but request is ${quantityText(request)}`
  );
}

function ratio(type: string, name: string, bound: string, { requests, limits }: Asked): string | false {
  const text = `${name} max limit to request ratio per ${type} is ${said(bound)}, but`;
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (!request || isZero(request)) return `${text} no request is specified or request is 0`;
  if (!limit || isZero(limit)) return `${text} no limit is specified or limit is 0`;
  const observed = milliValue(limit) / milliValue(request);
  return observed * 1000 > milliValue(parseQuantity(bound)) && `${text} provided ratio is ${observed.toFixed(6)}`;
}
