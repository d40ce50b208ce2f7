// The annotation that `kubectl apply` keeps on the client side, and how server-side apply by kubectl takes over from it.
// Reads: the live object's annotation. Writes: the fields that it allows to be taken; the annotation's new text.
// Mirrors: apimachinery/pkg/util/managedfields/internal (lastappliedmanager.go, lastappliedupdater.go).
import { validateAnnotations } from '../objectMeta.ts';
import type { SchemaNode } from '../schema.ts';
import { compareObjects } from './compare.ts';
import { difference, type Fields } from './fields.ts';
import { claimedFields } from './fieldsOf.ts';
import { isObject, type JSONObject } from './shapes.ts';
import { shapeErrors } from './validate.ts';

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

function parse(text: string): JSONObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Fields of the annotation that still have its values: kubectl set them, so kubectl may take them. */
export function fieldsOfLastApplied(live: any, node: SchemaNode, apiVersion: string): Fields | undefined {
  const text = live.metadata?.annotations?.[lastAppliedAnnotation];
  const last = text ? parse(text) : undefined;
  if (!last || last['apiVersion'] !== apiVersion || shapeErrors(last, node) || shapeErrors(live, node))
    return undefined;
  const { changed, removed } = compareObjects(last, live, node);
  return difference(difference(claimedFields(last, node), changed), removed);
}

/** Keys sorted at every level, as Go encodes maps. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sortedKeys(v)]),
  );
}

function annotationText(applied: any): string {
  const { [lastAppliedAnnotation]: _, ...annotations } = applied.metadata?.annotations ?? {};
  const metadata = { ...applied.metadata, ...(applied.metadata?.annotations && { annotations }) };
  return `${JSON.stringify(sortedKeys({ ...applied, metadata }))}\n`;
}

/** The object with its annotation brought up to date; as it is when it has none, without it when that grew too large. */
export function withLastApplied(object: any, applied: any): any {
  const annotations = object.metadata?.annotations;
  if (!annotations?.[lastAppliedAnnotation]) return object;
  const next = { ...annotations, [lastAppliedAnnotation]: annotationText(applied) };
  const tooLarge = validateAnnotations(next, '').some((e) => e.type === 'FieldValueTooLong');
  if (tooLarge) delete next[lastAppliedAnnotation];
  return { ...object, metadata: { ...object.metadata, annotations: next } };
}
