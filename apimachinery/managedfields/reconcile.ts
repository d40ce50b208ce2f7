// Sets written under an older schema: where a list or map has become atomic since, owning parts of it becomes owning all of it.
// Reads: a set and the node it is of. Writes: the set as it would be written today, the same one when nothing changed.
// Mirrors: structured-merge-diff's typed/reconcile_schema.go. Used by: applyPatch.ts and updates of kinds whose schema may change.
import { anyNode, type SchemaNode } from '../schema.ts';
import { childOf, type Fields, type FieldsDraft, leaf } from './fields.ts';
import { entryNode } from './shapes.ts';

const isAtomic = (node: SchemaNode): boolean =>
  node.type === 'list' ? node.listType === 'atomic' : (node.type === 'struct' || node.type === 'map') && node.atomic;

function below(node: SchemaNode, element: string): SchemaNode {
  if (element[0] === 'f') return entryNode(node, element.slice(2)) ?? anyNode;
  return node.type === 'list' ? node.items : anyNode;
}

export function reconcileFields(fields: Fields, node: SchemaNode): Fields {
  let out: FieldsDraft | undefined;
  for (const element in fields) {
    const child = childOf(fields, element);
    if (element === '.' || !child) continue;
    const inner = below(node, element);
    const next = isAtomic(inner) ? leaf : reconcileFields(child, inner);
    if (next === child) continue;
    out ??= { ...fields };
    out[element] = next;
  }
  return out ?? fields;
}
