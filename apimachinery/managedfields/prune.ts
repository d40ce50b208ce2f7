// What a manager applied before and does not apply now is removed, unless someone else owns it.
// Reads: the merged object, what the manager owned before, what everyone owns now. Writes: the pruned object.
// Mirrors: prune and its helpers in structured-merge-diff's merge/update.go.
import { anyNode, type SchemaNode } from '../schema.ts';
import { childOf, difference, type Fields, type FieldsDraft, intersection, isEmpty, leaf, union } from './fields.ts';
import { claimedFields } from './fieldsOf.ts';
import { removeFields } from './removeFields.ts';
import { entryNode, isNamedField, type JSONObject } from './shapes.ts';

/** Adds the named struct fields on the way to members: owning `a.b` counts as owning `a`, which a set leaves out. */
function withNamedFields(fields: Fields, node: SchemaNode): Fields {
  const out: FieldsDraft = {};
  for (const element in fields) {
    const child = childOf(fields, element);
    if (element === '.' || !child) {
      out[element] = fields[element]!;
      continue;
    }
    const name = element.slice(2);
    const isField = element[0] === 'f';
    const below = isField ? (entryNode(node, name) ?? anyNode) : node.type === 'list' ? node.items : anyNode;
    const inner = withNamedFields(child, below);
    out[element] = isField && isNamedField(node, name) ? { '.': leaf, ...inner } : inner;
  }
  return out;
}

/** An object as one version sees it. */
export interface Versioned {
  object: JSONObject;
  node: SchemaNode;
}
/** Undefined when the version is gone. */
type At = (object: JSONObject, apiVersion: string) => Versioned | undefined;

const fieldsOfAll = ({ object, node }: Versioned): Fields => withNamedFields(claimedFields(object, node), node);

/** Puts back what the removal took along although someone owns it, version by version. */
function addBackOwned(merged: JSONObject, pruned: JSONObject, owned: ReadonlyMap<string, Fields>, at: At): JSONObject {
  let result = pruned;
  for (const [apiVersion, fields] of owned) {
    const whole = at(merged, apiVersion);
    const rest = at(result, apiVersion);
    if (!whole || !rest) continue;
    const kept = union(fieldsOfAll(rest), withNamedFields(fields, whole.node));
    result = removeFields(whole.object, whole.node, difference(fieldsOfAll(whole), kept));
  }
  return result;
}

/**
 * `last` is what the manager owned, in the version `lastVersion`; `owned` what all managers own now by version, the new
 * configuration included and `lastVersion` first.
 */
export function prune(
  merged: JSONObject,
  last: Fields,
  lastVersion: string,
  owned: ReadonlyMap<string, Fields>,
  at: At,
): JSONObject {
  const whole = at(merged, lastVersion);
  if (!whole || isEmpty(difference(last, owned.get(lastVersion) ?? leaf))) return merged;
  const lastNamed = withNamedFields(last, whole.node);
  const without = (gone: Fields) => removeFields(whole.object, whole.node, gone);
  const pruned = at(addBackOwned(whole.object, without(lastNamed), owned, at), lastVersion);
  if (!pruned) return merged;
  // Only what this manager had may go: fields of updaters or of nobody, taken along with a parent, stay.
  const goneByThen = difference(fieldsOfAll(whole), fieldsOfAll(pruned));
  return without(intersection(goneByThen, lastNamed));
}
