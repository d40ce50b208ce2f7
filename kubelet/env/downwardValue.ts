// What a pod may know of itself: a field of it, or a resource of one of its containers, as text.
// Reads: pod, its addresses, the node's allocatable. Writes: text. Pure.
// Mirrors: pkg/fieldpath/fieldpath.go, pkg/api/v1/resource/helpers.go. Next: containerEnv.ts, volumes/downwardAPI.ts.
import { parseQuantity, quantityMilliValue, quantityValue } from '../../apimachinery/quantity.ts';
import type { Container, Pod } from '../../apimachinery/types.ts';

export interface PodFacts {
  podIPs: string[];
  hostIPs: string[];
  /** `cpu`, `memory`, `ephemeral-storage` as the node offers them: stands in for a limit that is not set. */
  allocatable: Record<string, string>;
}

/** Throws with a sentence for a path that there is not. */
export function fieldValue(path: string, pod: Pod, facts: PodFacts): string {
  const sub = /^metadata\.(annotations|labels)\['(.*)'\]$/.exec(path);
  if (sub) return pod.metadata[sub[1] as 'annotations' | 'labels']?.[sub[2]!] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return mapText(pod.metadata.labels);
    case 'metadata.annotations':
      return mapText(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'status.podIP':
      return facts.podIPs[0] ?? '';
    case 'status.podIPs':
      return facts.podIPs.join(',');
    case 'status.hostIP':
      return facts.hostIPs[0] ?? '';
    case 'status.hostIPs':
      return facts.hostIPs.join(',');
  }
  throw new Error(`unsupported fieldPath: ${path}`);
}

/** One `key="value"` a line, sorted, as volumes show labels. */
const mapText = (map: Record<string, string> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${k}=${JSON.stringify(v)}`)
    .join('\n');

/** `resource` is `limits.cpu`, `requests.memory` …; the answer is in units of the divisor, rounded up. */
export function resourceValue(
  resource: string,
  divisor: string | undefined,
  container: Container,
  facts: PodFacts,
): string {
  const [kind, name] = split(resource);
  const { requests, limits } = container.resources ?? {};
  const limit = limits?.[name] ?? facts.allocatable[name];
  const amount = (kind === 'limits' ? limit : (requests?.[name] ?? limits?.[name])) as string | undefined;
  const by = divisor && quantityValueIsSet(divisor) ? divisor : '1';
  if (name === 'cpu') return String(Math.ceil(quantityMilliValue(amount) / quantityMilliValue(by)));
  return String(Math.ceil(quantityValue(amount) / quantityValue(by)));
}

const quantityValueIsSet = (text: string): boolean => parseQuantity(text).digits !== 0n;

function split(resource: string): ['limits' | 'requests', string] {
  const m = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(resource);
  if (!m) throw new Error(`Unsupported container resource : ${resource}`);
  return [m[1] as 'limits' | 'requests', m[2]!];
}
