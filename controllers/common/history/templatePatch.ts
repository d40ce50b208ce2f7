// What a ControllerRevision holds: the strategic merge patch that brings a pod template back as it was.
// Pure. Mirrors: getPatch in pkg/controller/{daemon/update.go,statefulset/stateful_set_utils.go}; `kubectl rollout undo` applies it.
// Used by: revisions.ts, daemonSet/ and statefulSet/.
import type { PodTemplateSpec } from '../../../apimachinery/types.ts';

export interface TemplatePatch {
  spec: { template: PodTemplateSpec & { $patch: 'replace' } };
}

/** Keys are sorted, as clients compare its bytes with Go's. */
export const templatePatch = (template: PodTemplateSpec | undefined): TemplatePatch =>
  sorted({ spec: { template: { ...template, $patch: 'replace' } } }) as TemplatePatch;

export function templateIn(data: unknown): PodTemplateSpec | undefined {
  const { $patch, ...template } = (data as TemplatePatch | undefined)?.spec?.template ?? ({} as any);
  return $patch ? template : undefined;
}

/** The bytes that Go's JSON encoder gives: sorted keys, and `<`, `>`, `&` escaped. */
export const goBytes = (data: unknown): string =>
  JSON.stringify(sorted(data)).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** null and absent mean the same. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, v]) => v !== undefined && v !== null);
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)]));
}
