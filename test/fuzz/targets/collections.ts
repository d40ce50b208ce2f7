// Where objects of each kind are sent, and how one is made up.
// Reads: the kinds of the API server, as data. Used by objects.ts, bodies.ts and patches.ts.
import type { Kind } from '../../../apiserver/kinds/kind.ts';
import { kinds } from '../../../apiserver/kinds/kinds.ts';
import { builtinSchemas } from '../../../apiserver/openapi/definitions.ts';
import type { Http } from '../../kit/http.ts';
import { asked } from '../fuzzServer.ts';
import { generate } from '../generate.ts';
import type { Random } from '../random.ts';

const takes = (kind: Kind, verb: 'create' | 'update'): boolean => !kind.verbs || kind.verbs.includes(verb);

export const writable: readonly Kind[] = kinds.filter((k) => takes(k, 'create') && k.group !== 'trace.mini-k8s.io');
export const stored: readonly Kind[] = writable.filter((k) => k.storage && takes(k, 'update'));

export const pathOf = ({ group, version, namespaced, plural }: Kind): string =>
  `${group ? `/apis/${group}` : '/api'}/${version}/${namespaced ? 'namespaces/default/' : ''}${plural}`;

/** An object of the kind that is likely to be understood, and seldom valid. */
export function objectOf(random: Random, kind: Kind, name: string): any {
  const object: any = generate(random, builtinSchemas.node(kind.schema), 1 + random.below(7));
  object.apiVersion = kind.group ? `${kind.group}/${kind.version}` : kind.version;
  object.kind = kind.kind;
  object.metadata = random.chance(0.9) ? { name, labels: { app: 'web' } } : { name, ...object.metadata };
  return object;
}

/** Removes what a case has made, whatever holds it: what stays would look like memory that leaks. Returns the finding, if it is one. */
export async function remove(http: Http, at: string): Promise<string | undefined> {
  const found = await asked(http, `${at}?gracePeriodSeconds=0`, { method: 'DELETE' });
  await http(at, { method: 'PATCH', type: 'application/merge-patch+json', body: '{"metadata":{"finalizers":null}}' });
  return found;
}

/** As the namespace's controller would. */
export async function removeNamespace(http: Http, name: string, plurals: readonly string[]): Promise<void> {
  const at = `/api/v1/namespaces/${name}`;
  for (const plural of plurals) {
    const { items = [] } = (await http(`${at}/${plural}`)).json;
    for (const { metadata } of items) await remove(http, `${at}/${plural}/${metadata.name}`);
  }
  await http(at, { method: 'DELETE' });
  await http(`${at}/finalize`, { method: 'PUT', body: { metadata: { name }, spec: { finalizers: [] } } });
}
