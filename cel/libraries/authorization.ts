// authorizer.group('apps').resource('deployments').check('create').allowed(): what a policy may ask the server's authorizer.
// Reads: an authorizer that the caller binds. Mirrors: apiserver/pkg/cel/library/authz.go.
// Next: admission of policies binds `authorizerValue(…)` to `authorizer` and to `authorizer.requestResource`.
import { nameIsDNSLabel, nameIsDNSSubdomain } from '../../apimachinery/names.ts';
import { fail } from '../eval/meter.ts';
import { Opaque } from '../values.ts';
import { type Overload, overload } from './declare.ts';

export interface Decision {
  allowed: boolean;
  reason: string;
  /** Set when the authorizer failed. */
  error?: string;
}
/** What is asked. A path asks about a URL, all else about a resource. `serviceAccount` replaces the request's user. */
export interface AuthorizationQuestion {
  verb: string;
  path?: string;
  group?: string;
  resource?: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  fieldSelector?: string;
  labelSelector?: string;
  serviceAccount?: { namespace: string; name: string };
}
/** Answers at once: evaluation never waits. */
export type CelAuthorizer = (question: AuthorizationQuestion) => Decision;
type Check = { ask: CelAuthorizer } & Omit<AuthorizationQuestion, 'verb'>;

const kind = (name: string) => `kubernetes.authorization.${name}`;
const opaque = (name: string, value: unknown) => new Opaque(kind(name), value, (other) => other === value);

/** The value of `authorizer`. */
export const authorizerValue = (ask: CelAuthorizer): Opaque => opaque('Authorizer', { ask });
/** The value of `authorizer.requestResource`. */
export const resourceCheckValue = (
  ask: CelAuthorizer,
  resource: Omit<AuthorizationQuestion, 'verb' | 'path'>,
): Opaque => opaque('ResourceCheck', { ask, ...resource });

const extended = (name: string, check: Opaque, more: Partial<Check>) =>
  opaque(name, { ...(check.value as Check), ...more });
function serviceAccount(a: Opaque, namespace: string, name: string): Opaque {
  if (nameIsDNSSubdomain(name, false).length > 0) fail('Invalid service account name');
  if (nameIsDNSLabel(namespace, false).length > 0) fail('Invalid service account namespace');
  return extended('Authorizer', a, { serviceAccount: { namespace, name } });
}
function check(c: Opaque, verb: string): Opaque {
  const { ask, ...question } = c.value as Check;
  return opaque('Decision', ask({ ...question, verb }));
}
const of = (d: Opaque) => d.value as Decision;
const isBlank = (s: string) => s.trim() === '';

const [authorizer, path, group, resource, decision] = [
  'Authorizer',
  'PathCheck',
  'GroupCheck',
  'ResourceCheck',
  'Decision',
].map(kind);
const narrow = (fn: keyof AuthorizationQuestion, id: string) =>
  overload(fn, id, `${resource}.(string) -> ${resource}`, (c, s) => extended('ResourceCheck', c, { [fn]: s }));

export const authorizationLibrary: Overload[] = [
  overload('path', 'authorizer_path', `${authorizer}.(string) -> ${path}`, (a, p) =>
    isBlank(p) ? fail('path must not be empty') : extended('PathCheck', a, { path: p }),
  ),
  overload('group', 'authorizer_group', `${authorizer}.(string) -> ${group}`, (a, g) =>
    extended('GroupCheck', a, { group: g }),
  ),
  overload(
    'serviceAccount',
    'authorizer_serviceaccount',
    `${authorizer}.(string, string) -> ${authorizer}`,
    serviceAccount,
  ),
  overload('resource', 'groupcheck_resource', `${group}.(string) -> ${resource}`, (g, r) =>
    isBlank(r) ? fail('resource must not be empty') : extended('ResourceCheck', g, { resource: r }),
  ),
  narrow('subresource', 'resourcecheck_subresource'),
  narrow('namespace', 'resourcecheck_namespace'),
  narrow('name', 'resourcecheck_name'),
  narrow('fieldSelector', 'authorizer_fieldselector'),
  narrow('labelSelector', 'authorizer_labelselector'),
  overload('check', 'pathcheck_check', `${path}.(string) -> ${decision}`, check),
  overload('check', 'resourcecheck_check', `${resource}.(string) -> ${decision}`, check),
  overload('errored', 'decision_errored', `${decision}.() -> bool`, (d) => of(d).error !== undefined),
  overload('error', 'decision_error', `${decision}.() -> string`, (d) => of(d).error ?? ''),
  overload('allowed', 'decision_allowed', `${decision}.() -> bool`, (d) => of(d).allowed),
  overload('reason', 'decision_reason', `${decision}.() -> string`, (d) => of(d).reason),
];
