// The difference of two pod statuses as a strategic merge patch: what changed, and nothing else.
// Pure. Mirrors: pkg/util/pod/pod.go (PatchPodStatus). Next: statusManager.ts sends it.
import type { PodCondition, PodStatus } from '../../apimachinery/types.ts';
import { ownConditions } from './conditions.ts';

/** The fields that the kubelet reports; others (such as nominatedNodeName) are not its own. */
const fields = [
  'phase',
  'reason',
  'message',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'qosClass',
  'observedGeneration',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
] as const;

/** Lists that a strategic merge would merge by key, and that are to be replaced. */
const keyed = new Set<string>(['hostIPs', 'podIPs']);

/** undefined when the API server already has what is wanted. */
export function statusPatch(have: PodStatus, want: PodStatus): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  for (const field of fields) {
    if (same(have[field], want[field])) continue;
    const value: unknown = want[field];
    if (keyed.has(field) && Array.isArray(value)) patch[field] = [...value, { $patch: 'replace' }];
    else patch[field] = value ?? null;
  }
  const conditions = conditionsPatch(have.conditions ?? [], want.conditions ?? []);
  if (conditions.length) patch.conditions = conditions;
  return Object.keys(patch).length ? patch : undefined;
}

function conditionsPatch(have: PodCondition[], want: PodCondition[]): unknown[] {
  const own = new Set<string>(ownConditions);
  const changed = want.filter(
    (c) =>
      own.has(c.type) &&
      !same(
        c,
        have.find((h) => h.type === c.type),
      ),
  );
  const gone = have.filter((c) => own.has(c.type) && !want.some((w) => w.type === c.type));
  return [...changed.map(replacing), ...gone.map((c) => ({ type: c.type, $patch: 'delete' }))];
}

/** Fields that were there and are not wanted any more must be said to be gone. */
const replacing = (c: PodCondition) => ({ ...c, reason: c.reason ?? null, message: c.message ?? null });

/** Equal as JSON: what is absent, null or an empty object says the same. */
export const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

function canonical(value: unknown): string | undefined {
  return JSON.stringify(plain(value));
}

function plain(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return value.length ? value.map(plain) : undefined;
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value)
    .map(([k, v]) => [k, plain(v)] as const)
    .filter(([, v]) => v !== undefined)
    .sort(([x], [y]) => (x < y ? -1 : 1));
  return entries.length ? Object.fromEntries(entries) : undefined;
}
