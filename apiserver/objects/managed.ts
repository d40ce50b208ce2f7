// metadata.managedFields of a create or update: who set which field, kept on every write.
// Mirrors: staging/src/k8s.io/apimachinery/pkg/util/managedfields. The algebra is apimachinery/managedfields/.
import { toTime } from '../../apimachinery/clock.ts';
import { flatText } from '../../apimachinery/flatText.ts';
import { managedFieldsForUpdate } from '../../apimachinery/managedfields/managedFieldsForUpdate.ts';
import type { Subresource } from '../kinds/kind.ts';
import { convertOf } from './versionsOf.ts';
import type { WriteContext } from './writeContext.ts';

/** Field paths that a write here cannot set and so does not own. */
export function resetsOf(w: WriteContext, sub: Subresource | undefined): readonly string[] {
  if (sub) return sub.resets ?? (sub.name === 'status' ? ['spec', 'metadata.labels', 'metadata.annotations'] : []);
  if (w.served.kind.resets) return w.served.kind.resets;
  return w.served.kind.subresources?.some((s) => s.name === 'status') ? ['status'] : [];
}

/** An entry of who wrote through a view (scale) never gets a time: upstream takes them from the object's own entries. */
export const timeOf = (w: WriteContext, sub: Subresource | undefined): string | undefined =>
  sub?.writeView ? undefined : toTime(w.now());

/** Sets `object.metadata.managedFields`; `old` is absent on create. */
export function trackFields(w: WriteContext, object: any, old: any | undefined, sub?: Subresource): void {
  const managed = managedFieldsForUpdate({
    old,
    new: object,
    node: w.served.node,
    manager: flatText(w.fieldManager),
    apiVersion: w.served.apiVersion,
    subresource: w.subresource,
    time: timeOf(w, sub),
    resets: resetsOf(w, sub),
    convert: convertOf(w.api.registry, w.served),
  });
  if (managed.length) object.metadata.managedFields = managed;
  else delete object.metadata.managedFields;
}
