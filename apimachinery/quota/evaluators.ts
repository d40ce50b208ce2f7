// How much of a quota one object uses, by its kind: pods by what they ask for, claims by their size, Services by their ports,
// everything else by being there.
// Pure. Mirrors: pkg/quota/v1/evaluator/core and staging/src/k8s.io/apiserver/pkg/quota/v1/generic. Used by: the API server's
// admission and the quota controller. Next: scopes.ts.
import { addQuantities, compareQuantities, parseQuantity, type Quantity, quantityOf } from '../quantity.ts';
import { type Amounts, podLimits, podRequests } from '../resourceHelpers.ts';
import type { GroupResource } from '../status.ts';
import type { Pod } from '../types.ts';
import { deviceClaims } from './deviceClaims.ts';

export interface Evaluator {
  /** Which of these names of a quota an object of this kind can use. */
  matching(names: readonly string[]): string[];
  usage(object: any, now: number): Amounts;
  /** Writes that are charged: `CREATE`, `UPDATE`, `UPDATE resize`. */
  charged: readonly string[];
  /** What the object must say when these names are limited: why it is refused; undefined when it does. */
  missing?(object: any, names: readonly string[]): string | undefined;
}

const one = quantityOf(1);
const countName = ({ group, plural }: GroupResource) => `count/${group ? `${plural}.${group}` : plural}`;
const startsWith =
  (...prefixes: string[]) =>
  (name: string) =>
    prefixes.some((p) => name.startsWith(p));

const pods: Evaluator = {
  charged: ['CREATE', 'UPDATE resize'],
  matching: (names) => names.filter((name) => podNames.has(name) || isPodResource(name)),
  usage(pod: Pod, now) {
    const usage: Amounts = new Map([['count/pods', one]]);
    if (!isQuotaPod(pod, now)) return usage;
    usage.set('pods', one);
    for (const [name, q] of podRequests(pod)) addRequest(usage, name, q);
    for (const [name, q] of podLimits(pod)) if (byName.has(name)) usage.set(`limits.${name}`, q);
    return usage;
  },
  missing: missingOf,
};

const byName = new Set(['cpu', 'memory', 'ephemeral-storage']);
const podNames = new Set([
  'pods',
  'count/pods',
  ...[...byName].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);
const isPodResource = (name: string): boolean =>
  startsWith('hugepages-', 'requests.hugepages-')(name) ||
  (name.startsWith('requests.') && name.includes('/') && !name.includes('kubernetes.io/'));

function addRequest(usage: Amounts, name: string, q: Quantity): void {
  if (byName.has(name) || name.startsWith('hugepages-')) usage.set(name, q).set(`requests.${name}`, q);
  else if (name.includes('/')) usage.set(`requests.${name}`, q);
}

/** One that has ended uses nothing any more, nor one whose time to end is over. */
function isQuotaPod(pod: Pod, now: number): boolean {
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  return !deletionTimestamp || deletionGracePeriodSeconds === undefined || now <= Date.parse(deletionTimestamp);
}

const perContainer = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];

/** Where cpu or memory is limited, every container says how much it wants; unless the pod does. */
function missingOf(pod: Pod, names: readonly string[]): string | undefined {
  const { requests, limits } = (pod.spec?.resources ?? {}) as any;
  if (Object.keys({ ...requests, ...limits }).length) return undefined;
  const required = perContainer.filter((name) => names.includes(name)).sort();
  const texts = required.flatMap((name) => {
    const lacking = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].filter(
      (c) => !says(c, name),
    );
    return lacking.length ? [`${name} for: ${[...new Set(lacking.map((c) => c.name))].sort().join(',')}`] : [];
  });
  return texts.length ? `must specify ${texts.join('; ')}` : undefined;
}

function says(container: any, name: string): boolean {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const [kind, resource] = name.includes('.') ? name.split('.') : ['requests', name];
  return (kind === 'limits' ? limits : requests)[resource!] !== undefined;
}

const classInfix = '.storageclass.storage.k8s.io/';

const claims: Evaluator = {
  charged: ['CREATE', 'UPDATE'],
  matching: (names) =>
    names.filter(
      (name) =>
        ['persistentvolumeclaims', 'count/persistentvolumeclaims', 'requests.storage'].includes(name) ||
        name.endsWith(`${classInfix}requests.storage`) ||
        name.endsWith(`${classInfix}persistentvolumeclaims`),
    ),
  usage(claim) {
    const usage: Amounts = new Map([
      ['persistentvolumeclaims', one],
      ['count/persistentvolumeclaims', one],
    ]);
    const storageClass =
      claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim.spec?.storageClassName ?? '';
    if (storageClass) usage.set(`${storageClass}${classInfix}persistentvolumeclaims`, one);
    const size = sizeOf(claim);
    if (!size) return usage;
    usage.set('requests.storage', size);
    if (storageClass) usage.set(`${storageClass}${classInfix}requests.storage`, size);
    return usage;
  },
};

/** What was asked for, or what has been set aside while it grows, if that is more. */
function sizeOf(claim: any): Quantity | undefined {
  const sizes = [claim.spec?.resources?.requests?.storage, claim.status?.allocatedResources?.storage]
    .filter((text) => text !== undefined)
    .map(parseQuantity);
  return sizes.sort(compareQuantities).at(-1);
}

const services: Evaluator = {
  charged: ['CREATE', 'UPDATE'],
  matching: (names) =>
    names.filter((name) =>
      ['services', 'count/services', 'services.nodeports', 'services.loadbalancers'].includes(name),
    ),
  usage({ spec = {} }) {
    const ports: any[] = spec.ports ?? [];
    const isBalancer = spec.type === 'LoadBalancer';
    const all = spec.type === 'NodePort' || (isBalancer && spec.allocateLoadBalancerNodePorts !== false);
    const given = isBalancer ? ports.filter((p) => p.nodePort).length : 0;
    return new Map([
      ['services', one],
      ['count/services', one],
      ['services.nodeports', quantityOf(all ? ports.length : given)],
      ['services.loadbalancers', quantityOf(isBalancer ? 1 : 0)],
    ]);
  },
};

/** Counted by a name of their own beside `count/…`. */
const plainNames = ['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets'];

function counting(r: GroupResource): Evaluator {
  const names = [countName(r), ...(!r.group && plainNames.includes(r.plural) ? [r.plural] : [])];
  return {
    charged: ['CREATE'],
    matching: (wanted) => wanted.filter((name) => names.includes(name)),
    usage: () => new Map(names.map((name) => [name, one])),
  };
}

const special: (GroupResource & { evaluator: Evaluator })[] = [
  { group: '', plural: 'pods', evaluator: pods },
  { group: '', plural: 'services', evaluator: services },
  { group: '', plural: 'persistentvolumeclaims', evaluator: claims },
  { group: 'resource.k8s.io', plural: 'resourceclaims', evaluator: deviceClaims },
];
const specialFor = (r: GroupResource) => special.find((s) => s.group === r.group && s.plural === r.plural);

export const evaluatorFor = (r: GroupResource): Evaluator => specialFor(r)?.evaluator ?? counting(r);

/** What it uses is told by more than its being there. */
export const looksInside = (r: GroupResource): boolean => specialFor(r) !== undefined;

/** The resource whose objects use what is limited under this name; undefined when none is known. */
export function resourceFor(name: string): GroupResource | undefined {
  if (name.startsWith('count/')) {
    const [plural, ...group] = name.slice('count/'.length).split('.');
    return { group: group.join('.'), plural: plural! };
  }
  const known = [
    ...special.map(({ group, plural }) => ({ group, plural })),
    ...plainNames.map((plural) => ({ group: '', plural })),
  ];
  return known.find((r) => evaluatorFor(r).matching([name]).length > 0);
}

/** The sum over all objects of one kind; each name that they can use is there, with 0 at least. */
export function sumUsage(evaluator: Evaluator, names: readonly string[], objects: Iterable<any>, now: number): Amounts {
  const matching = evaluator.matching(names);
  const total: Amounts = new Map(matching.map((name) => [name, quantityOf(0)]));
  for (const object of objects)
    for (const [name, q] of evaluator.usage(object, now)) {
      const sum = total.get(name);
      if (sum) total.set(name, addQuantities(sum, { ...q }));
    }
  return total;
}
