// The groups that are served, in the order in which clients prefer them, and what each version of them holds. Pure over the registry.
// Mirrors: apiserver/pkg/endpoints/installer.go (resource lists). Next: ../aggregator/aggregator.ts adds the groups of other servers.
import { createHash } from 'node:crypto';
import { groupRank } from '../aggregator/priorities.ts';
import { allVerbs, type Kind, type Subresource } from '../kinds/kind.ts';
import type { Registry, Served } from '../kinds/registry.ts';

export interface Group {
  name: string;
  /** Preferred first. */
  versions: string[];
}

/** This server's own groups. */
export function groupsOf(registry: Registry): Group[] {
  const versions = new Map<string, Set<string>>();
  for (const { kind } of registry.all()) {
    const known = versions.get(kind.group) ?? new Set();
    versions.set(kind.group, known.add(kind.version));
  }
  return [...versions]
    .map(([name, set]) => ({ name, versions: [...set].sort(byVersion) }))
    .sort((a, b) => groupRank(b.name) - groupRank(a.name) || (a.name < b.name ? -1 : 1));
}

/** v2, v1, v1beta2, v1beta1, v1alpha1: stable before beta before alpha, higher first. */
export function byVersion(a: string, b: string): number {
  const [x, y] = [versionRank(a), versionRank(b)];
  for (let i = 0; i < 3; i++) if (x[i]! !== y[i]!) return y[i]! - x[i]!;
  return a < b ? -1 : 1;
}

function versionRank(v: string): number[] {
  const m = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(v);
  if (!m) return [-1, 0, 0];
  return [m[2] === undefined ? 2 : m[2] === 'beta' ? 1 : 0, Number(m[1]), Number(m[3] ?? 0)];
}

export const rowsOf = (registry: Registry, group: string, version: string): Served[] =>
  registry
    .all()
    .filter((r) => r.kind.group === group && r.kind.version === version)
    .sort((a, b) => (a.kind.plural < b.kind.plural ? -1 : 1));

export const singularOf = (kind: Kind): string => kind.singular ?? kind.kind.toLowerCase();

export const verbsOf = (kind: Kind): string[] => [...(kind.custom?.verbs ?? [...(kind.verbs ?? allVerbs)].sort())];

/** By name; those of a custom resource stay as they are made, the status first. */
export const subresourcesOf = ({ subresources = [], custom }: Kind): readonly Subresource[] =>
  custom ? subresources : [...subresources].sort((a, b) => (a.name < b.name ? -1 : 1));

export const subresourceVerbs = (sub: Subresource): string[] => [...sub.verbs].sort();

/** Tells whether two servers store a kind alike; clients only compare it. */
export const storageVersionHash = (kind: Kind): string =>
  createHash('sha256').update(`${kind.group}/${kind.version}/${kind.kind}`).digest().subarray(0, 8).toString('base64');

/** metav1.APIResource rows, subresources behind their parents. */
export function resourceList(rows: Served[]): object[] {
  return rows.flatMap(({ kind }) => [
    {
      name: kind.plural,
      singularName: singularOf(kind),
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: verbsOf(kind),
      ...(kind.shortNames?.length ? { shortNames: kind.shortNames } : {}),
      ...(kind.categories?.length ? { categories: kind.categories } : {}),
      ...(kind.storage ? { storageVersionHash: storageVersionHash(kind) } : {}),
    },
    ...subresourcesOf(kind).map((sub) => ({
      name: `${kind.plural}/${sub.name}`,
      singularName: '',
      namespaced: kind.namespaced,
      ...(sub.body && (sub.body.group !== kind.group || sub.body.version !== kind.version)
        ? { group: sub.body.group, version: sub.body.version }
        : {}),
      kind: sub.body?.kind ?? sub.options ?? kind.kind,
      verbs: subresourceVerbs(sub),
    })),
  ]);
}
