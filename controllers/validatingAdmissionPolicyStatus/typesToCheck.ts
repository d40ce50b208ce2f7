// Which kinds a policy is checked against: those that its rules name, without wildcards, ten of a rule at most.
// Pure, but for the question which kinds a resource has. Mirrors: typesToCheck in
// staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/typechecking.go. Used by: validatingAdmissionPolicyStatus.ts.
import type { ValidatingAdmissionPolicy } from '../../apimachinery/types.ts';

export interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

export interface GroupVersionResource {
  group: string;
  version: string;
  resource: string;
}

const mostTypes = 10;

/** As Go prints it, `apps/v1, Kind=Deployment`; the core group is empty. */
export const kindText = ({ group, version, kind }: GroupVersionKind): string => `${group}/${version}, Kind=${kind}`;

/** Sorted, none twice. `kindsOf`: none when nobody serves the resource. */
export async function typesToCheck(
  policy: ValidatingAdmissionPolicy,
  kindsOf: (r: GroupVersionResource) => Promise<readonly GroupVersionKind[]>,
): Promise<GroupVersionKind[]> {
  const found = new Map<string, GroupVersionKind>();
  for (const rule of policy.spec?.matchConstraints?.resourceRules ?? []) {
    let count = 0;
    for (const resource of resourcesOf(rule))
      for (const kind of await kindsOf(resource)) {
        found.set(kindText(kind), kind);
        if (++count === mostTypes) return sorted(found);
      }
  }
  return sorted(found);
}

interface Rule {
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
}

function resourcesOf({ apiGroups = [], apiVersions = [], resources = [] }: Rule): GroupVersionResource[] {
  if ([...apiGroups, ...apiVersions].some((text) => text.includes('*'))) return [];
  const plain = resources.filter((text) => !/[*/]/.test(text)).sort();
  return [...apiGroups]
    .sort()
    .flatMap((group) =>
      [...apiVersions].sort().flatMap((version) => plain.map((resource) => ({ group, version, resource }))),
    );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const sorted = (found: ReadonlyMap<string, GroupVersionKind>) =>
  [...found.values()].sort(
    (a, b) => compare(a.group, b.group) || compare(a.version, b.version) || compare(a.kind, b.kind),
  );

/** What `params` is; undefined when there is none. */
export function paramKindOf(policy: ValidatingAdmissionPolicy): GroupVersionKind | undefined {
  const { apiVersion, kind } = policy.spec?.paramKind ?? {};
  if (!apiVersion || !kind) return undefined;
  const slash = apiVersion.indexOf('/');
  return { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1), kind };
}
