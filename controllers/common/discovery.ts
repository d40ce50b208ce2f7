// What the server serves: each resource in its preferred version, with its verbs.
// Reads: aggregated discovery (/api, /apis), or the old documents from a server without it.
// Mirrors: client-go discovery (ServerPreferredResources). Used by: namespace deletion and the garbage collector.
import type { Resource } from '../../apimachinery/resources.ts';
import type { Client } from '../../client/client.ts';

export interface ServedResource extends Resource {
  verbs: readonly string[];
}

export interface Discovered {
  resources: ServedResource[];
  /** Group versions that could not be asked, with the reason: their resources may exist all the same. */
  failures: { groupVersion: string; error: string }[];
}

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

/** Rejects when the server does not answer at all. */
export async function discover(client: Client): Promise<Discovered> {
  const accept = { accept: aggregated };
  const [core, groups] = await Promise.all([
    client.raw<any>('GET', '/api', undefined, accept),
    client.raw<any>('GET', '/apis', undefined, accept),
  ]);
  const failures: Discovered['failures'] = [];
  const found =
    groups.kind === 'APIGroupDiscoveryList'
      ? [...fromAggregated(core, failures), ...fromAggregated(groups, failures)]
      : await fromOld(client, core, groups, failures);
  return { resources: firstVersions(found), failures };
}

/** A resource in several versions counts in the one that its group prefers, which comes first. */
function firstVersions(all: ServedResource[]): ServedResource[] {
  const byName = new Map<string, ServedResource>();
  for (const r of all) if (!byName.has(`${r.plural}.${r.group}`)) byName.set(`${r.plural}.${r.group}`, r);
  return [...byName.values()];
}

function fromAggregated(list: any, failures: Discovered['failures']): ServedResource[] {
  const found: ServedResource[] = [];
  for (const { metadata, versions } of list.items ?? [])
    for (const v of versions ?? []) {
      const group = metadata?.name ?? '';
      if (v.freshness === 'Stale')
        failures.push({ groupVersion: joined(group, v.version), error: 'stale GroupVersion discovery' });
      for (const r of v.resources ?? [])
        found.push({
          group,
          version: v.version,
          plural: r.resource,
          kind: r.responseKind?.kind ?? '',
          namespaced: r.scope === 'Namespaced',
          verbs: r.verbs ?? [],
        });
    }
  return found;
}

const joined = (group: string, version: string) => (group ? `${group}/${version}` : version);

async function fromOld(
  client: Client,
  core: any,
  groups: any,
  failures: Discovered['failures'],
): Promise<ServedResource[]> {
  const versions: { group: string; version: string }[] = (core.versions ?? []).map((version: string) => ({
    group: '',
    version,
  }));
  for (const g of groups.groups ?? []) {
    const preferred = g.preferredVersion?.version;
    const rest = (g.versions ?? []).map((v: any) => v.version).filter((v: string) => v !== preferred);
    for (const version of preferred ? [preferred, ...rest] : rest) versions.push({ group: g.name, version });
  }
  const lists = await Promise.all(
    versions.map(async ({ group, version }) => {
      try {
        const list = await client.raw<any>('GET', group ? `/apis/${group}/${version}` : `/api/${version}`);
        return (list.resources ?? [])
          .filter((r: any) => !r.name.includes('/'))
          .map(
            (r: any): ServedResource => ({
              group,
              version,
              plural: r.name,
              kind: r.kind,
              namespaced: r.namespaced,
              verbs: r.verbs ?? [],
            }),
          );
      } catch (error) {
        failures.push({ groupVersion: joined(group, version), error: (error as Error).message });
        return [];
      }
    }),
  );
  return lists.flat();
}

export const allows = (r: ServedResource, ...verbs: string[]): boolean => verbs.every((v) => r.verbs.includes(v));
