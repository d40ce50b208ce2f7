// Defaults of `spec.resources`, the pod's own requests and limits, out of its containers' and out of each other.
// Mirrors: defaultPodRequests and defaultHugePagePodLimits in pkg/apis/core/v1/defaults.go.
// Called by: defaults.ts. The rules are in resources.ts.
import { quantityText } from '../../../apimachinery/quantity.ts';
import { aggregate } from './aggregate.ts';
import { isHugePage } from './resourceNames.ts';

const supported = (name: string) => name === 'cpu' || name === 'memory' || isHugePage(name);

/** Huge pages cannot be overcommitted: a pod that has limits gets the limit its containers add up to. */
function hugePageLimits(spec: any): void {
  const { requests, limits } = spec.resources;
  if (!Object.keys(requests ?? {}).length && !Object.keys(limits ?? {}).length) return;
  for (const [name, amount] of aggregate(spec, 'limits'))
    if (isHugePage(name) && !limits?.[name] && !requests?.[name])
      spec.resources.limits = { ...spec.resources.limits, [name]: quantityText(amount) };
}

export function defaultPodResources(spec: any): void {
  hugePageLimits(spec);
  const limits = spec.resources.limits;
  if (!limits || !Object.keys(limits).length) return;
  const requests = { ...spec.resources.requests };
  for (const [name, amount] of aggregate(spec, 'requests'))
    if (supported(name) && !isHugePage(name)) requests[name] ??= quantityText(amount);
  for (const name in limits) if (supported(name)) requests[name] ??= limits[name];
  if (Object.keys(requests).length) spec.resources.requests = requests;
}
