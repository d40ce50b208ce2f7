// Which pods a selector takes, and which Services take a pod, without a look at all pods or Services of the namespace.
// Pods are found by one label that the selector wants, Services by one label that they want. Reads: informers, through indexes.
// Mirrors: pkg/controller/util/selectors and endpointslice/util, which scan the namespace. Used by: endpoints/, endpointSlice/, disruption/.
import type { Selector } from '../../apimachinery/labelSelector.ts';
import { pods, services } from '../../apimachinery/resources.ts';
import type { Pod, Service } from '../../apimachinery/types.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { hasOwnPods, selects } from './servicePods.ts';

const byLabel = 'label';
type Labels = Record<string, string>;
type Informers = ControllerContext['informers'];

/** No label holds a space. */
const pairKey = (namespace: string | undefined, key: string, value: string) => `${namespace} ${key} ${value}`;
const pairsOf = (namespace: string | undefined, labels: Labels = {}) =>
  Object.keys(labels).map((key) => pairKey(namespace, key, labels[key]!));

/** Before the informers start. */
export function indexPodsByLabel(informers: Informers): void {
  informers.informer(pods).addIndex(byLabel, ({ metadata }) => pairsOf(metadata.namespace, metadata.labels));
}

/** The pods of a namespace that the selector of a Service takes. */
export function podsOfService(service: Service, informers: Informers): Pod[] {
  const { namespace } = service.metadata;
  const [key, value] = firstOf(service.spec?.selector) ?? [];
  const informer = informers.informer(pods);
  const near =
    key === undefined ? informer.list(namespace) : informer.byIndex(byLabel, pairKey(namespace, key, value!));
  return near.filter((pod) => selects(service, pod.metadata.labels));
}

/** The pods of a namespace that a selector matches. */
export function podsMatching(selector: Selector, namespace: string | undefined, informers: Informers): Pod[] {
  if (selector.nothing) return [];
  const informer = informers.informer(pods);
  const one = selector.requirements.find((r) => isEquality(r.operator) && r.values.length === 1);
  const near = one ? informer.byIndex(byLabel, pairKey(namespace, one.key, one.values[0]!)) : informer.list(namespace);
  return near.filter((pod) => selector.matches(pod.metadata.labels));
}

const isEquality = (operator: string) => operator === '=' || operator === '==' || operator === 'in';
const firstOf = (selector: Labels | undefined) => (selector ? Object.entries(selector)[0] : undefined);

const bySelector = 'selector';
const anyPod = (namespace: string | undefined) => `${namespace}`;

/** Before the informers start. */
export function indexServicesBySelector(informers: Informers): void {
  informers.informer(services).addIndex(bySelector, (service) => {
    if (!hasOwnPods(service)) return [];
    const { namespace } = service.metadata;
    const first = firstOf(service.spec?.selector);
    return [first ? pairKey(namespace, ...first) : anyPod(namespace)];
  });
}

/** The Services that take a pod with these labels. */
export function servicesSelecting(pod: Pod, informers: Informers): Service[] {
  const { namespace, labels } = pod.metadata;
  const informer = informers.informer(services);
  const found = informer.byIndex(bySelector, anyPod(namespace));
  for (const pair of pairsOf(namespace, labels)) found.push(...informer.byIndex(bySelector, pair));
  return found.filter((service) => selects(service, labels));
}
