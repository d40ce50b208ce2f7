// A subresource that is another view of its object (scale): the view written back into the object, with the view's own rules checked.
import * as status from '../../apimachinery/status.ts';
import type { Subresource } from '../kinds/kind.ts';

/** `live` becomes what it is after the view was written; a version in the view is the object's. Throws 422, 409. */
export function changeByView(sub: Subresource, live: any, view: any): any {
  if (!live) return undefined;
  const errors = sub.validateView?.(view) ?? [];
  if (errors.length) throw status.invalid(sub.body!, view.metadata?.name ?? '', errors);
  const { uid, resourceVersion } = view.metadata ?? {};
  if (uid) live.metadata.uid = uid;
  sub.writeView!(view, live);
  // A view without resourceVersion overwrites whatever is there; with one it must be the live one.
  live.metadata.resourceVersion = resourceVersion || '';
  return live;
}
