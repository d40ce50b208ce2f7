// Gives containers the requests and limits that the namespace's LimitRanges name, and refuses pods and claims outside their bounds.
// Reads: LimitRanges. Changes: Pods. Mirrors: plugin/pkg/admission/limitranger/admission.go.
// Next: limitBounds.ts, the bounds themselves; serviceAccount.ts, the next plugin of the default order.
import { ownValue } from '../../apimachinery/ownValue.ts';
import { amountsOf, podLimits, podRequests } from '../../apimachinery/resourceHelpers.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import { refuse } from './forbidden.ts';
import { type Asked, type Bounds, checkBounds, checkClaimBounds } from './limitBounds.ts';
import type { AdmissionPlugin, Attributes } from './plugin.ts';

const limitRanges = { group: '', plural: 'limitranges' };
const annotation = 'kubernetes.io/limit-ranger';

export function limitRanger(): AdmissionPlugin {
  return {
    name: 'LimitRanger',
    admit(a) {
      if (!isPod(a)) return;
      for (const range of rangesFor(a)) setDefaults(a.object, range);
    },
    validate(a) {
      if (!isPod(a) && !isClaim(a)) return;
      const check = isPod(a) ? checkPod : checkClaim;
      for (const range of rangesFor(a)) {
        const errors = [...new Set(check(range, a.object))];
        if (errors.length) throw refuse(a, errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`);
      }
    },
  };
}

/** What a pod's containers ask for is settled at its creation; only a resize changes it. */
const isPod = (a: Attributes): boolean =>
  a.kind.group === '' &&
  a.kind.plural === 'pods' &&
  ((a.operation === 'CREATE' && !a.subresource) || (a.operation === 'UPDATE' && a.subresource === 'resize'));

const isClaim = (a: Attributes): boolean =>
  a.kind.group === '' &&
  a.kind.plural === 'persistentvolumeclaims' &&
  !a.subresource &&
  (a.operation === 'CREATE' || a.operation === 'UPDATE');

/** What is on its way out is left alone. */
const rangesFor = (a: Attributes): KubeObject[] =>
  a.old?.metadata.deletionTimestamp ? [] : a.context.cluster.cachedList(limitRanges, a.namespace);

const itemsOf = (range: KubeObject): any[] => range['spec']?.limits ?? [];

function setDefaults(pod: any, range: KubeObject): void {
  const requests: Record<string, string> = {};
  const limits: Record<string, string> = {};
  for (const item of itemsOf(range)) {
    if (item.type !== 'Container') continue;
    Object.assign(requests, item.defaultRequest);
    Object.assign(limits, item.default);
  }
  const set = [
    ...(pod.spec.containers ?? []).flatMap((c: any) => fill(c, requests, limits, 'container')),
    ...(pod.spec.initContainers ?? []).flatMap((c: any) => fill(c, requests, limits, 'init container')),
  ];
  if (set.length)
    pod.metadata.annotations = {
      ...pod.metadata.annotations,
      [annotation]: `LimitRanger plugin set: ${set.join('; ')}`,
    };
}

type Texts = Record<string, string>;

/** What was set, as the annotation tells it. */
function fill(container: any, requests: Texts, limits: Texts, what: string): string[] {
  const resources = { ...container.resources };
  const add = (list: 'requests' | 'limits', defaults: Texts) => {
    const missing = Object.keys(defaults).filter((name) => ownValue(resources[list], name) === undefined);
    if (missing.length)
      resources[list] = { ...resources[list], ...Object.fromEntries(missing.map((name) => [name, defaults[name]])) };
    return missing.length ? [`${missing.sort().join(', ')} ${list.slice(0, -1)} for ${what} ${container.name}`] : [];
  };
  const set = [...add('requests', requests), ...add('limits', limits)];
  if (set.length) container.resources = resources;
  return set;
}

function checkPod(range: KubeObject, pod: any): string[] {
  return itemsOf(range).flatMap((item: Bounds) => {
    if (item.type === 'Container') {
      const containers = [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])];
      return containers.flatMap((c) => checkBounds(item, asked(c.resources)));
    }
    if (item.type !== 'Pod') return [];
    const options = { excludeOverhead: true };
    return checkBounds(item, { requests: podRequests(pod, options), limits: podLimits(pod, options) });
  });
}

const asked = (resources: any): Asked => ({
  requests: amountsOf(resources?.requests),
  limits: amountsOf(resources?.limits),
});

function checkClaim(range: KubeObject, claim: any): string[] {
  const requests = amountsOf(claim.spec?.resources?.requests);
  return itemsOf(range)
    .filter((item) => item.type === 'PersistentVolumeClaim')
    .flatMap((item: Bounds) => checkClaimBounds(item, requests));
}
