// The refusal of an admission plugin: 403, with the object's name as far as it is known.
// Mirrors: staging/src/k8s.io/apiserver/pkg/admission/errors.go. Used by: the plugins here.
import { forbidden, type StatusError } from '../../apimachinery/status.ts';
import type { Attributes } from './plugin.ts';

/** `pods "web" is forbidden: <why>`; an object whose name is yet to be generated is called by its generateName. */
export function refuse(a: Attributes, why: string): StatusError {
  const { name, generateName } = a.object?.metadata ?? {};
  return forbidden(a.kind, a.name || name || generateName || 'Unknown', why);
}

/** Is this a write of a pod itself, or of the named subresources? */
export const isPod = (a: Attributes, ...subresources: string[]): boolean =>
  a.kind.group === '' && a.kind.plural === 'pods' && (a.subresource === '' || subresources.includes(a.subresource));
