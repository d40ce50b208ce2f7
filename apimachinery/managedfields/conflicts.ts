// Conflicts of an apply: fields that others own and that the configuration wants to be different.
// Reads: sets by manager. Writes: the 409 with upstream's message and one cause a field.
// Mirrors: apimachinery/pkg/util/managedfields/internal/conflict.go.
import { goQuote } from '../goQuote.ts';
import { applyConflict, type StatusError } from '../status.ts';
import type { ManagedFieldsEntry } from '../types.ts';
import { forEachPath, pathText } from './fieldPaths.ts';
import type { Fields } from './fields.ts';
import type { Managers } from './managers.ts';

function managerText(entry: ManagedFieldsEntry): string {
  const name =
    goQuote(entry.manager ?? '') + (entry.subresource ? ` with subresource ${goQuote(entry.subresource)}` : '');
  return entry.operation === 'Update' ? `${name} using ${entry.apiVersion}` : name;
}

/** `taken` is what would be taken from whom, by manager identity; managers are named in the order of their identities. */
export function conflictError(managers: Managers, taken: Map<string, Fields>): StatusError {
  const causes: { reason: string; message: string; field: string }[] = [];
  const lines: string[] = [];
  for (const [id, fields] of [...taken].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const who = managerText(managers.get(id)!.entry);
    lines.push(`conflicts with ${who}:`);
    forEachPath(fields, (path) => {
      causes.push({ reason: 'FieldManagerConflict', message: `conflict with ${who}`, field: pathText(path) });
      lines.push(`- ${pathText(path)}`);
    });
  }
  const [first] = causes;
  if (causes.length === 1)
    return applyConflict(causes, `Apply failed with 1 conflict: ${first!.message}: ${first!.field}`);
  return applyConflict(causes, `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`);
}
