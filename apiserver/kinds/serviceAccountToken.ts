// The subresource `token` of a ServiceAccount: gives out a token that lives no longer than what it is bound to.
// Reads the account and the bound Pod, Secret or Node; stores nothing. Mirrors: pkg/registry/core/serviceaccount/storage/token.go.
// Next: ../authentication/tokenIssuer.ts, which signs.
import { toTime } from '../../apimachinery/clock.ts';
import { type FieldError, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { goQuote } from '../../apimachinery/goQuote.ts';
import { badRequest, conflict, invalid, notFound } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { BoundClaims, Ref } from '../authentication/tokenIssuer.ts';
import type { Context, Subresource } from './kind.ts';

const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const tenMinutes = 600;
/** What old kubelets ask for; such a token lives a year, so that clients which never re-read it go on working. */
const oldClientSeconds = 3607;
const year = 365 * 24 * 3600;

const refOf = (object: KubeObject): Ref => ({ name: object.metadata.name, uid: object.metadata.uid ?? '' });

function checkParent(metadata: any, parent: { name: string; namespace: string }): void {
  for (const field of ['name', 'namespace'] as const) {
    const given = metadata?.[field];
    if (!given || given === parent[field]) continue;
    const text = `must match the service account ${field} if specified`;
    throw invalid(kind, parent.name, [invalidValue(`metadata.${field}`, given, text)]);
  }
}

/** A request made for an account that was deleted and made again must not get the new one's token. */
function checkUid(given: string | undefined, account: KubeObject, context: Context): void {
  const { name, uid } = account.metadata;
  if (!given || given === uid) return;
  const gate = 'TokenRequestServiceAccountUIDValidation';
  const text = `the UID in the token request (${given}) does not match the UID of the service account (${uid})`;
  if (context.features.enabled(gate)) throw conflict({ group: kind.group, plural: kind.kind }, name, text);
  context.warn(`${text} but ${gate} is not enabled. In the future, this will return a conflict error`);
}

function checkLifetime(seconds: number): void {
  const errors: FieldError[] = [];
  const at = 'spec.expirationSeconds';
  if (seconds < tenMinutes) errors.push(invalidValue(at, seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > 2 ** 32) errors.push(invalidValue(at, seconds, 'may not specify a duration larger than 2^32 seconds'));
  if (errors.length) throw invalid(kind, '', errors);
}

async function existing(context: Context, plural: string, name: string, namespace?: string): Promise<KubeObject> {
  const object = await context.cluster.get({ group: '', plural }, name, namespace);
  if (!object) throw notFound({ group: '', plural }, name);
  return object;
}

/** The claims of what the token shall be bound to. */
async function boundTo(ref: any, account: string, namespace: string, context: Context): Promise<Partial<BoundClaims>> {
  const core = !ref.apiVersion || ref.apiVersion === 'v1';
  if (core && ref.kind === 'Pod')
    return podClaims(await existing(context, 'pods', ref.name, namespace), account, context);
  if (core && ref.kind === 'Secret') return { secret: refOf(await existing(context, 'secrets', ref.name, namespace)) };
  if (core && ref.kind === 'Node') return { node: refOf(await existing(context, 'nodes', ref.name)) };
  const [group, version] = (ref.apiVersion ?? '').includes('/')
    ? ref.apiVersion.split('/')
    : ['', ref.apiVersion ?? ''];
  throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${ref.kind ?? ''}`);
}

async function podClaims(pod: KubeObject, account: string, context: Context): Promise<Partial<BoundClaims>> {
  if (pod['spec'].serviceAccountName !== account) {
    throw badRequest(
      `cannot bind token for serviceaccount ${goQuote(account)} to pod running with different serviceaccount name.`,
    );
  }
  const nodeName: string | undefined = pod['spec'].nodeName;
  if (!nodeName) return { pod: refOf(pod) };
  const node = await context.cluster.get({ group: '', plural: 'nodes' }, nodeName);
  return { pod: refOf(pod), node: { name: nodeName, uid: node?.metadata.uid ?? '' } };
}

function checkBoundUid(ref: any, bound: Partial<BoundClaims>): void {
  const uid = (bound.pod ?? bound.secret ?? bound.node)?.uid;
  if (!ref.uid || ref.uid === uid) return;
  const text = `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  throw conflict({ group: '', plural: ref.kind }, ref.name, text);
}

/** How long the token really lives, and when a client should have renewed it. */
function lifetime(spec: any, bound: Partial<BoundClaims>, context: Context): { seconds: number; warnAfter?: number } {
  const { maxExpirationSeconds: max, audiences, extendExpiration } = context.tokens;
  const own = spec.audiences.length > 0 && spec.audiences.every((a: string) => audiences.includes(a));
  if (max && spec.expirationSeconds > max) {
    context.warn(`requested expiration of ${spec.expirationSeconds} seconds shortened to ${max} seconds`);
    spec.expirationSeconds = max;
  }
  const isOld = bound.pod && own && spec.expirationSeconds === oldClientSeconds;
  if (!isOld || !extendExpiration) return { seconds: spec.expirationSeconds };
  return { seconds: year, warnAfter: spec.expirationSeconds };
}

async function create(body: any, parent: { name: string; namespace: string }, context: Context): Promise<KubeObject> {
  const request = { ...body, spec: { ...body.spec } };
  const { spec } = request;
  spec.expirationSeconds ??= 3600;
  if (!spec.audiences?.length) spec.audiences = [...context.tokens.audiences];
  checkParent(body.metadata, parent);
  const account = await existing(context, 'serviceaccounts', parent.name, parent.namespace);
  checkUid(body.metadata?.uid, account, context);
  checkLifetime(spec.expirationSeconds);
  spec.boundObjectRef ??= null;
  const ref = spec.boundObjectRef;
  const bound = ref ? await boundTo(ref, parent.name, parent.namespace, context) : {};
  if (ref) checkBoundUid(ref, bound);
  const now = context.now();
  const { seconds, warnAfter } = lifetime(spec, bound, context);
  const claims: BoundClaims = {
    namespace: parent.namespace,
    ...bound,
    serviceaccount: refOf(account),
    ...(warnAfter ? { warnafter: Math.floor(now / 1000) + warnAfter } : {}),
  };
  const token = await context.tokens.issue(claims, spec.audiences, seconds, now);
  const { name, uid } = refOf(account);
  const metadata = {
    ...body.metadata,
    uid: body.metadata?.uid || uid,
    name,
    namespace: parent.namespace,
    creationTimestamp: toTime(now),
  };
  const status = { token, expirationTimestamp: toTime(now + spec.expirationSeconds * 1000) };
  return { ...request, metadata, spec, status };
}

export const serviceAccountToken: Subresource = {
  name: 'token',
  verbs: ['create'],
  body: {
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'TokenRequest',
    schema: 'io.k8s.api.authentication.v1.TokenRequest',
  },
  create,
};
