// The APIServices as requests and discovery ask for them: which group versions another server has, and the order of all groups.
// Reads: APIServices through the watch cache. Mirrors: kube-aggregator/pkg/apis/apiregistration/v1/helper (sorting).
// Next: proxyToExtension.ts sends requests on; ../discovery/ lists the groups.
import type { KubeObject } from '../../apimachinery/types.ts';
import { byVersion } from '../discovery/groups.ts';
import type { Cluster } from '../kinds/cluster.ts';

export const apiServices = { group: 'apiregistration.k8s.io', plural: 'apiservices' };

/** A group version that another server has. */
export interface Extension {
  /** Of the APIService. */
  name: string;
  group: string;
  version: string;
  service: { namespace: string; name: string; port: number };
  /** PEM. */
  ca: string | undefined;
  insecure: boolean;
  available: boolean;
}

export interface RankedGroup {
  name: string;
  /** Preferred first. */
  versions: string[];
}

export interface ApiServiceIndex {
  extension(group: string, version: string): Extension | undefined;
  extensions(): Extension[];
  /** All groups that have an APIService, the preferred first. */
  ranked(): RankedGroup[];
}

interface Known {
  change: number;
  extensions: Map<string, Extension>;
  ranked: RankedGroup[];
}

/** Made anew when an APIService has changed; in between a look-up costs next to nothing. `api.cluster` is looked at then. */
export function createApiServiceIndex(api: { cluster: Cluster }): ApiServiceIndex {
  let known: Known | undefined;
  const current = (): Known => {
    const change = api.cluster.lastChange(apiServices);
    if (known?.change !== change) known = { change, ...indexed(api.cluster.cachedList(apiServices)) };
    return known;
  };
  return {
    extension: (group, version) => current().extensions.get(`${group}/${version}`),
    extensions: () => [...current().extensions.values()],
    ranked: () => current().ranked,
  };
}

function indexed(objects: readonly KubeObject[]): Omit<Known, 'change'> {
  const extensions = new Map<string, Extension>();
  for (const object of objects) {
    const extension = extensionOf(object);
    if (extension) extensions.set(`${extension.group}/${extension.version}`, extension);
  }
  return { extensions, ranked: rank(objects) };
}

export const availableCondition = (object: any): any =>
  (object.status?.conditions ?? []).find((c: any) => c.type === 'Available');

/** Undefined for what this server has itself. */
export function extensionOf({ metadata, ...object }: KubeObject): Extension | undefined {
  const { group = '', version = '', service, caBundle, insecureSkipTLSVerify } = (object as any).spec;
  if (!service) return undefined;
  return {
    name: metadata.name,
    group,
    version,
    service: { namespace: service.namespace ?? '', name: service.name ?? '', port: service.port ?? 443 },
    ca: caBundle ? Buffer.from(caBundle, 'base64').toString() : undefined,
    insecure: insecureSkipTLSVerify ?? false,
    available: availableCondition(object)?.status === 'True',
  };
}

/** Groups by the highest rank that one of their versions gives them, then by name; versions by their own, then as version names go. */
function rank(objects: readonly KubeObject[]): RankedGroup[] {
  const groups = new Map<string, any[]>();
  for (const object of objects) {
    const { group = '' } = object['spec'];
    groups.set(group, [...(groups.get(group) ?? []), object['spec']]);
  }
  const weight = (specs: any[]) => Math.max(...specs.map((s) => s.groupPriorityMinimum ?? 0));
  return [...groups]
    .sort(([a, x], [b, y]) => weight(y) - weight(x) || (a < b ? -1 : 1))
    .map(([name, specs]) => {
      const sorted = specs.sort((x, y) => y.versionPriority - x.versionPriority || byVersion(x.version, y.version));
      return { name, versions: sorted.map((s) => s.version) };
    });
}
