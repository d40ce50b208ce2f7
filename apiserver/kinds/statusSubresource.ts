// The subresource `status` of most kinds: its writers change the status, and the spec stays what it was.
// Mirrors: the status strategies of pkg/registry, and ResetObjectMetaForStatus for those that keep metadata too.
// Used by: most kinds with a status. Next: scale.ts, the other subresource that many kinds share.
import type { FieldError } from '../../apimachinery/fieldErrors.ts';
import type { Context, Subresource } from './kind.ts';

interface More {
  /** What else stays; runs after the spec is put back. */
  keep?(object: any, old: any, context?: Context): void;
  /** Besides `spec`: other paths that a write here does not own. */
  resets?: readonly string[];
  /** May the caller write this status? */
  authorizeUpdate?: Subresource['authorizeUpdate'];
  /** Sent with the answer. */
  warnings?(object: any, old: any): string[];
}

/** `validateUpdate`: the rules of the status alone; absent where upstream has none. */
export const statusSubresource = (
  validateUpdate?: (object: any, old: any, context?: Context) => FieldError[],
  { keep, resets = [], authorizeUpdate, warnings }: More = {},
): Subresource => ({
  name: 'status',
  verbs: ['get', 'patch', 'update'],
  keep(object, old, context) {
    object.spec = old.spec;
    keep?.(object, old, context);
  },
  ...(validateUpdate && { validateUpdate }),
  ...(authorizeUpdate && { authorizeUpdate }),
  ...(warnings && { warnings }),
  resets: ['spec', ...resets],
});
