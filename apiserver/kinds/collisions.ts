// A count of name collisions in a status: its users make names from it, so that it never goes back.
// Mirrors: IsDecremented in pkg/apis/core/validation/validation.go.
// Used by: deployment.ts, statefulSet.ts, daemonSet.ts.
import { type FieldError, invalidValue } from '../../apimachinery/fieldErrors.ts';

export function checkCollisions(errors: FieldError[], object: any, old: any): void {
  const before = old.status?.collisionCount;
  const now = object.status?.collisionCount;
  if (before !== undefined && (now ?? -1) < before)
    errors.push(invalidValue('status.collisionCount', now ?? 0, 'cannot be decremented'));
}
