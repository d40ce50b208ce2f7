// What extension servers serve, as the aggregated discovery document lists it; kept, so that a server that is down is not forgotten.
// Reads: each server's own discovery. Mirrors: kube-aggregator/pkg/apiserver/handler_discovery.go.
// Next: ../discovery/discovery.ts merges it with this server's own.
import type { ApiServiceIndex, Extension } from './apiServices.ts';
import { pathOf } from './assess.ts';
import type { ExtensionClient } from './extensionClient.ts';

/** `resources` as in apidiscovery.k8s.io/v2. Stale: the server could not be asked, this is what it said before. */
export interface Discovered {
  resources: object[];
  freshness: 'Current' | 'Stale';
}

export interface ExtensionDiscovery {
  refresh(extension: Extension): Promise<void>;
  /** Of a group version that another server has. */
  of(extension: Extension): Discovered;
  /** Takes servers that are no more out. */
  prune(index: ApiServiceIndex): void;
}

const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const accept = `${v2},${v2.replace('v=v2', 'v=v2beta1')},application/json`;

export function createExtensionDiscovery(client: ExtensionClient): ExtensionDiscovery {
  const known = new Map<string, { resources: object[]; fresh: boolean }>();
  return {
    async refresh(extension) {
      try {
        known.set(extension.name, { resources: await resourcesOf(client, extension), fresh: true });
      } catch (error) {
        const before = known.get(extension.name);
        if (before) before.fresh = false;
        throw error;
      }
    },
    of(extension) {
      const found = known.get(extension.name);
      const fresh = found?.fresh && extension.available;
      return { resources: found?.resources ?? [], freshness: fresh ? 'Current' : 'Stale' };
    },
    prune(index) {
      const names = new Set(index.extensions().map((e) => e.name));
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    },
  };
}

async function resourcesOf(client: ExtensionClient, extension: Extension): Promise<object[]> {
  const { group, version } = extension;
  const all = await client.get(extension, group ? '/apis' : '/api', { accept });
  if (all.code === 200 && /apidiscovery\.k8s\.io/.test(String(all.headers['content-type']))) {
    const items: any[] = JSON.parse(all.body.toString()).items ?? [];
    const found = items
      .find((item) => (item.metadata?.name ?? '') === group)
      ?.versions?.find((v: any) => v.version === version);
    if (found) return found.resources ?? [];
  }
  const old = await client.get(extension, pathOf(extension));
  if (old.code !== 200) throw new Error(`bad status from ${pathOf(extension)}: ${old.code}`);
  return fromOldForm(JSON.parse(old.body.toString()), extension);
}

/** An APIResourceList, where subresources are rows of their own. */
export function fromOldForm(list: any, { group, version }: { group: string; version: string }): object[] {
  const found = new Map<string, any>();
  const kindOf = (r: any) => ({ group: r.group || group, version: r.version || version, kind: r.kind });
  const scope = (r: any) => (r.namespaced ? 'Namespaced' : 'Cluster');
  const rows: any[] = list.resources ?? [];
  for (const r of rows.filter((row) => !row.name.includes('/')))
    found.set(r.name, {
      resource: r.name,
      responseKind: kindOf(r),
      scope: scope(r),
      singularResource: r.singularName ?? '',
      verbs: r.verbs,
      ...(r.shortNames?.length ? { shortNames: r.shortNames } : {}),
      ...(r.categories?.length ? { categories: r.categories } : {}),
    });
  for (const r of rows.filter((row) => row.name.includes('/'))) {
    const [resource, subresource] = r.name.split('/', 2);
    const parent = found.get(resource) ?? { resource, scope: scope(r), singularResource: '', verbs: [] };
    found.set(resource, parent);
    parent.subresources = [...(parent.subresources ?? []), { subresource, responseKind: kindOf(r), verbs: r.verbs }];
  }
  return [...found.values()];
}
