// The words in which a request is refused: who, what, where.
// Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go.
// Used by: the authorize and impersonate filters, which answer with `forbiddenRequest`.
import { goQuote } from '../../apimachinery/goQuote.ts';
import { forbidden, type StatusError } from '../../apimachinery/status.ts';
import type { Attributes } from './authorizer.ts';

/** `User "x" cannot list resource "pods" in API group "" in the namespace "default"`. */
export function forbiddenMessage(attributes: Attributes): string {
  const { resource, verb } = attributes;
  const who = `User ${goQuote(attributes.user.username ?? '')} cannot ${verb}`;
  if (!resource) return `${who} path ${goQuote(attributes.path ?? '')}`;
  const what = resource.subresource ? `${resource.plural}/${resource.subresource}` : resource.plural;
  const where = resource.namespace ? `in the namespace ${goQuote(resource.namespace)}` : 'at the cluster scope';
  return `${who} resource ${goQuote(what)} in API group ${goQuote(resource.group)} ${where}`;
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** The 403 for a refused request; `reason` is the authorizer's. */
export function forbiddenRequest(attributes: Attributes, reason: string): StatusError {
  const message = forbiddenMessage(attributes).replace(/[&<>]/g, (c) => escapes[c]!);
  const { group = '', plural = '', name = '' } = attributes.resource ?? {};
  return forbidden({ group, plural }, name, reason ? `${message}: ${reason}` : message);
}
