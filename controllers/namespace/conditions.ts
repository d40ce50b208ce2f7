// What a namespace that is being deleted says about how far it got, as upstream's five conditions.
// Pure. Mirrors: pkg/controller/namespace/deletion/status_condition_utils.go. Used by: namespace.ts.
import type { Namespace } from '../../apimachinery/types.ts';

export type NamespaceCondition = NonNullable<NonNullable<Namespace['status']>['conditions']>[number];

/** What one pass over the content found. */
export interface ContentReport {
  discoveryFailures: { groupVersion: string; error: string }[];
  /** Messages of refused deletions and lists. */
  deletionErrors: string[];
  /** By `resource.group`, as `pods.` and `deployments.apps`: how many are still there. */
  remaining: Map<string, number>;
  /** By finalizer: how many objects still have it. */
  finalizers: Map<string, number>;
}

interface Text {
  type: string;
  ok: [reason: string, message: string];
  /** The reason and message when it is not; undefined when it is. */
  bad(r: ContentReport): [reason: string, message: string] | undefined;
}

const sorted = (map: Map<string, number>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

const texts: Text[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    ok: ['ResourcesDiscovered', 'All resources successfully discovered'],
    bad({ discoveryFailures: f }) {
      if (!f.length) return undefined;
      const groups = f.map((g) => `${g.groupVersion}: ${g.error}`).join(', ');
      return [
        'DiscoveryFailed',
        `Discovery failed for some groups, ${f.length} failing: unable to retrieve the complete list of server APIs: ${groups}`,
      ];
    },
  },
  {
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    ok: ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
    bad: () => undefined,
  },
  {
    type: 'NamespaceDeletionContentFailure',
    ok: ['ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
    bad({ deletionErrors: e }) {
      const unique = [...new Set(e)].sort();
      const list = unique.length === 1 ? unique[0] : `[${unique.join(', ')}]`;
      return unique.length
        ? ['ContentDeletionFailed', `Failed to delete all resource types, ${unique.length} remaining: ${list}`]
        : undefined;
    },
  },
  {
    type: 'NamespaceContentRemaining',
    ok: ['ContentRemoved', 'All content successfully removed'],
    bad({ remaining }) {
      const all = sorted(remaining).filter(([, n]) => n > 0);
      const list = all.map(([r, n]) => `${r} has ${n} resource instances`).join(', ');
      return all.length ? ['SomeResourcesRemain', `Some resources are remaining: ${list}`] : undefined;
    },
  },
  {
    type: 'NamespaceFinalizersRemaining',
    ok: ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
    bad({ finalizers }) {
      const all = sorted(finalizers).filter(([, n]) => n > 0);
      const list = all.map(([f, n]) => `${f} in ${n} resource instances`).join(', ');
      return all.length
        ? ['SomeFinalizersRemain', `Some content in the namespace has finalizers remaining: ${list}`]
        : undefined;
    },
  },
];

/** The namespace's conditions after this pass; undefined when nothing about them changed. `now` is metav1.Time. */
export function planConditions(
  current: readonly NamespaceCondition[] | undefined,
  report: ContentReport,
  now: string,
): NamespaceCondition[] | undefined {
  const next = [...(current ?? [])];
  let changed = false;
  for (const text of texts) {
    const bad = text.bad(report);
    const [reason, message] = bad ?? text.ok;
    const status = bad ? 'True' : 'False';
    const at = next.findIndex((c) => c.type === text.type);
    const old = next[at];
    if (old?.status === status && old.reason === reason && old.message === message) continue;
    changed = true;
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : now;
    const condition = { type: text.type, status, lastTransitionTime, reason, message } as NamespaceCondition;
    if (old) next[at] = condition;
    else next.push(condition);
  }
  return changed ? next : undefined;
}
