// Pods for tables: a small valid one, changed by each row.
import { pod } from '../../../../apiserver/kinds/pod.ts';
import { created, made, updated } from '../said.ts';

/** `change` sees the pod as a client sends it; defaults come after. */
export function aPod(change: (spec: any, pod: any) => void = () => {}): any {
  const fields: any = { spec: { containers: [{ name: 'c', image: 'busybox:1' }] } };
  const metadata: any = {};
  const whole = { ...fields, metadata };
  change(fields.spec, whole);
  return made(pod, { spec: whole.spec, ...(whole.status && { status: whole.status }) }, metadata);
}

/** What creation says of the small pod after `change`. */
export const refused = (change: (spec: any, pod: any) => void): string[] => created(pod, aPod(change));

/** What an update says: `before` makes the stored pod, `change` the new one out of it. */
export function updateRefused(change: (spec: any, pod: any) => void, before?: (spec: any, pod: any) => void): string[] {
  const old = aPod(before);
  const now = structuredClone(old);
  change(now.spec, now);
  pod.defaults!(now);
  return updated(pod, now, old);
}

export type Row = [what: string, change: (spec: any, pod: any) => void, expected: string[]];
