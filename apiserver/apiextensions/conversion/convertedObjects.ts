// What a conversion webhook sent back, checked: the same objects in the wanted version, with nothing of metadata changed but labels and annotations.
// Mirrors: getConvertedObjectsFromResponse, validateConvertedObject and restoreObjectMeta in
// apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go. Pure. Called by webhook.ts.
import { deepEqual } from '../../../apimachinery/deepEqual.ts';
import { aggregateMessage } from '../../../apimachinery/fieldErrors.ts';
import { validateLabels } from '../../../apimachinery/labelSelector.ts';
import { validateAnnotations } from '../../../apimachinery/objectMeta.ts';
import { unknown } from '../../../apimachinery/status.ts';
import type { KubeObject } from '../../../apimachinery/types.ts';
import { isObject } from '../schema/jsonSchema.ts';

/** `stable.example.com/v1, Kind=CronTab`. */
export const describe = ({ apiVersion, kind }: { apiVersion: string; kind: string }): string =>
  `${apiVersion}, Kind=${kind}`;

/** The objects of an answer. Throws an Error with the webhook's own words when it did not succeed. */
export function convertedOf(answer: any, apiVersion: string, uid: string): unknown[] {
  const response = answer?.response;
  if (apiVersion.endsWith('/v1')) {
    const wanted = describe({ apiVersion, kind: 'ConversionReview' });
    const got = describe({ apiVersion: answer?.apiVersion ?? '', kind: answer?.kind ?? '' });
    if (got !== wanted) throw new Error(`expected webhook response of ${wanted}, got ${got}`);
    if (!isObject(response)) throw new Error('no response provided');
    if (response['uid'] !== uid)
      throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`);
  } else if (!isObject(response)) throw new Error('no response provided');
  const { status = '', message = '' } = (response['result'] ?? {}) as { status?: string; message?: string };
  if (status !== 'Success') throw new Error(message || `response.result.status was '${status}', not 'Success'`);
  const objects = response['convertedObjects'];
  return Array.isArray(objects) ? objects : [];
}

/** The converted object with the original's metadata. `index`: of an object among several. */
export function acceptConverted(
  original: KubeObject,
  converted: unknown,
  apiVersion: string,
  index: number | undefined,
): KubeObject {
  const head = `conversion webhook for ${describe(original)} returned invalid`;
  const which = index === undefined ? 'object' : `converted object at index ${index}`;
  const group = index === undefined ? 'object at index 0' : which;
  if (!isObject(converted)) throw unknown(`${head} ${which}: Object 'Kind' is missing`);
  if (converted['apiVersion'] !== apiVersion)
    throw unknown(
      `${head} ${group}: invalid groupVersion (expected ${apiVersion}, received ${converted['apiVersion'] ?? ''})`,
    );
  if (converted['kind'] !== original.kind)
    throw unknown(`${head} ${group}: invalid kind (expected ${original.kind}, received ${converted['kind'] ?? ''})`);
  const identity = identityProblem(original, converted);
  if (identity) throw unknown(`${head} ${which}: ${identity}`);
  const metadata = metadataOf(original, converted['metadata'], (why) =>
    unknown(index === undefined ? `${head} metadata: ${why}` : `${head} metadata in object at index ${index}: ${why}`),
  );
  const { apiVersion: _v, kind: _k, metadata: _m, ...rest } = converted;
  return { apiVersion, kind: original.kind, metadata, ...rest };
}

function identityProblem(original: KubeObject, converted: Record<string, unknown>): string | undefined {
  const now = isObject(converted['metadata']) ? converted['metadata'] : {};
  for (const [field, name] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const before = original.metadata[field] ?? '';
    if (before !== (now[field] ?? '')) return `must have the same ${name}: ${before} != ${now[field] ?? ''}`;
  }
  return undefined;
}

function metadataOf(original: KubeObject, answered: unknown, refuse: (why: string) => Error): KubeObject['metadata'] {
  if (!isObject(answered)) throw refuse('missing metadata in converted object');
  const metadata: any = { ...original.metadata };
  for (const field of ['labels', 'annotations'] as const) {
    const value = answered[field];
    delete metadata[field];
    if (value === undefined || value === null) continue;
    if (!isObject(value)) throw refuse(`invalid metadata.${field} of type ${typeof value} in converted object`);
    for (const [key, text] of Object.entries(value))
      if (typeof text !== 'string')
        throw refuse(`metadata.${field}[${key}] must be a string, but is ${typeof text} in converted object`);
    const strings = value as Record<string, string>;
    if (!deepEqual(strings, original.metadata[field] ?? {})) {
      const errors =
        field === 'labels'
          ? validateLabels(strings, 'metadata.labels')
          : validateAnnotations(strings, 'metadata.annotation');
      if (errors.length) throw refuse(aggregateMessage(errors));
    }
    metadata[field] = strings;
  }
  return metadata;
}
