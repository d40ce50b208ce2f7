// ServiceAccount tokens: signature, issuer, audience and time, then whether all that the token is bound to still exists.
// Reads: ServiceAccounts, Pods, Secrets and Nodes. Mirrors: pkg/serviceaccount/{jwt,claims}.go.
// Next: authenticator.ts, where this is one of the token methods. Tokens are made by tokenIssuer.ts; those that are kept in
// Secrets are legacyTokenMethod.ts's.
import { decodeJwt, errors, jwtVerify } from 'jose';
import type { KubeObject, UserInfo } from '../../apimachinery/types.ts';
import type { TokenKey } from '../../component-base/tokenKey.ts';
import { quoteList } from '../authorization/rules.ts';
import type { Cluster } from '../kinds/cluster.ts';
import type { TokenMethod } from './authenticator.ts';
import { verifyingKeys } from './serviceAccountKeys.ts';
import type { BoundClaims, Ref } from './tokenIssuer.ts';

export interface ServiceAccountOptions {
  /** All that are accepted. */
  issuers: readonly string[];
  /** PEM texts of the keys that verify. */
  keys: readonly string[];
  /** The API server's own. */
  audiences: readonly string[];
}

interface Payload {
  iss?: string;
  aud?: string | string[];
  jti?: string;
  exp?: number;
  nbf?: number;
  'kubernetes.io'?: Partial<BoundClaims>;
}

const invalidated = 'service account token has been invalidated';
/** A deleted object's tokens serve a little longer, so that a pod can say goodbye. Milliseconds. */
const leeway = 60_000;

export function serviceAccountMethod(options: ServiceAccountOptions, cluster: Cluster, now: () => number): TokenMethod {
  const keys = verifyingKeys(options.keys);
  return async (token, audiences) => {
    if (!options.issuers.includes(unverifiedIssuer(token) ?? '')) return undefined;
    const payload = await verified(token, keys);
    checkTime(payload, now());
    const both = commonAudiences(payload, options.audiences, audiences);
    return { user: await boundUser(payload, cluster, now()), audiences: both };
  };
}

/** What the token says, unproven: only to find out whose it is. */
export function unverifiedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** Keys are tried by the token's key id, or all of them when it names none. Times are checked by `checkTime`. */
export async function verified<T extends object = Payload>(token: string, keys: readonly TokenKey[]): Promise<T> {
  for (const { id, key, algorithm } of keys) {
    try {
      const named = (header: { kid?: string }) => {
        if (header.kid && header.kid !== id) throw new errors.JWKSNoMatchingKey();
        return key;
      };
      const options = { algorithms: [algorithm], clockTolerance: Number.MAX_SAFE_INTEGER };
      return (await jwtVerify(token, named, options)).payload as T;
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
    }
  }
  throw new Error('failed to verify signature');
}

function checkTime(payload: Payload, now: number): void {
  if (payload.exp !== undefined && now >= payload.exp * 1000) throw new Error('service account token has expired');
  if (payload.nbf !== undefined && now + leeway < payload.nbf * 1000) {
    throw new Error('service account token is not valid yet');
  }
}

/** A token without audience is for the API server itself. */
export function commonAudiences(
  payload: Pick<Payload, 'aud'>,
  own: readonly string[],
  wanted: readonly string[],
): string[] {
  const named = typeof payload.aud === 'string' ? [payload.aud] : (payload.aud ?? []);
  const of = named.length ? named : [...own];
  const both = of.filter((a) => wanted.includes(a));
  if (!both.length && own.length) {
    throw new Error(`token audiences ${quoteList(of)} is invalid for the target audiences ${quoteList(wanted)}`);
  }
  return both;
}

async function boundUser(payload: Payload, cluster: Cluster, now: number): Promise<UserInfo> {
  const claims = payload['kubernetes.io'];
  if (!claims?.serviceaccount?.name || !claims.namespace) throw new Error('Token could not be validated.');
  const { namespace, serviceaccount, pod, secret, node } = claims;
  const living = (plural: string, ref: Ref, ns?: string) => livingObject(cluster, plural, ref, ns, now);
  const account = await living('serviceaccounts', serviceaccount, namespace);
  if (account === undefined) throw new Error(`serviceaccounts "${serviceaccount.name}" not found`);
  if (account === 'deleted') throw new Error(invalidated);
  sameUid('service account UID (%1) does not match claim (%2)', account, serviceaccount);
  if (secret)
    sameUid(
      'secret UID (%1) does not match service account secret ref claim (%2)',
      await living('secrets', secret, namespace),
      secret,
    );
  if (pod)
    sameUid(
      'pod UID (%1) does not match service account pod ref claim (%2)',
      await living('pods', pod, namespace),
      pod,
    );
  // A pod-bound token only tells of its node; the pod's life is what counts.
  else if (node)
    sameUid('node UID (%1) does not match service account node ref claim (%2)', await living('nodes', node), node);
  return {
    username: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
    uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    extra: extraOf(payload.jti, pod, node),
  };
}

function sameUid(text: string, object: KubeObject | 'deleted' | undefined, ref: Ref): void {
  if (object === undefined || object === 'deleted') throw new Error(invalidated);
  const uid = object.metadata.uid ?? '';
  if (uid !== ref.uid) throw new Error(text.replace('%1', uid).replace('%2', ref.uid));
}

/** From the cache when it knows this very object, else from the store: the object may be newer than the cache. */
async function livingObject(cluster: Cluster, plural: string, ref: Ref, namespace: string | undefined, now: number) {
  const resource = { group: '', plural };
  const cached = cluster.cached(resource, ref.name, namespace);
  const object = cached?.metadata.uid === ref.uid ? cached : await cluster.get(resource, ref.name, namespace);
  const deleted = object?.metadata.deletionTimestamp;
  return deleted && Date.parse(deleted) < now - leeway ? ('deleted' as const) : object;
}

function extraOf(jti: string | undefined, pod: Ref | undefined, node: Ref | undefined): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  const put = (name: string, value: string | undefined) => {
    if (value) extra[`authentication.kubernetes.io/${name}`] = [value];
  };
  put('credential-id', jti && `JTI=${jti}`);
  put('pod-name', pod?.name);
  put('pod-uid', pod?.uid);
  put('node-name', node?.name);
  put('node-uid', node?.uid);
  return extra;
}
