// ServiceAccount tokens that are kept in Secrets: they end with their Secret or their account, and each day of use is noted.
// Reads: Secrets and ServiceAccounts. Writes: the label kubernetes.io/legacy-token-last-used of the Secret.
// Mirrors: pkg/serviceaccount/legacy.go. Next: authenticator.ts. The tokens are made by controllers/serviceAccountTokens, and
// those that nobody uses are marked by controllers/legacyTokenCleaner.
import type { Cluster } from '../kinds/cluster.ts';
import type { TokenMethod } from './authenticator.ts';
import { verifyingKeys } from './serviceAccountKeys.ts';
import { commonAudiences, type ServiceAccountOptions, unverifiedIssuer, verified } from './serviceAccountMethod.ts';

const issuer = 'kubernetes/serviceaccount';
const lastUsed = 'kubernetes.io/legacy-token-last-used';
const invalidSince = 'kubernetes.io/legacy-token-invalid-since';
const secrets = { group: '', plural: 'secrets' };
const day = 24 * 3600 * 1000;

interface Payload {
  sub?: string;
  aud?: string | string[];
  'kubernetes.io/serviceaccount/namespace'?: string;
  'kubernetes.io/serviceaccount/secret.name'?: string;
  'kubernetes.io/serviceaccount/service-account.name'?: string;
  'kubernetes.io/serviceaccount/service-account.uid'?: string;
}

interface Claims {
  namespace: string;
  secret: string;
  name: string;
  uid: string;
}

/** The claims, all of which there must be; the subject says the same in one word. */
export function claimsOf(payload: Payload): Claims {
  const need = (name: string, value: string | undefined) => {
    if (!value) throw new Error(`${name} claim is missing`);
    return value;
  };
  const sub = need('sub', payload.sub);
  const claims = {
    namespace: need('namespace', payload['kubernetes.io/serviceaccount/namespace']),
    secret: need('secretName', payload['kubernetes.io/serviceaccount/secret.name']),
    name: need('serviceAccountName', payload['kubernetes.io/serviceaccount/service-account.name']),
    uid: need('serviceAccountUID', payload['kubernetes.io/serviceaccount/service-account.uid']),
  };
  if (sub !== `system:serviceaccount:${claims.namespace}:${claims.name}`) throw new Error('sub claim is invalid');
  return claims;
}

export function legacyTokenMethod(options: ServiceAccountOptions, cluster: Cluster, now: () => number): TokenMethod {
  const keys = verifyingKeys(options.keys);
  return async (token, audiences) => {
    if (unverifiedIssuer(token) !== issuer) return undefined;
    const payload = await verified<Payload>(token, keys);
    const both = commonAudiences(payload, options.audiences, audiences);
    const claims = claimsOf(payload);
    const { namespace, name, uid } = claims;
    const secret = await checkedSecret(token, claims, cluster);
    await noteUse(secret, cluster, now());
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
    return { user: { username: `system:serviceaccount:${namespace}:${name}`, uid, groups }, audiences: both };
  };
}

async function checkedSecret(token: string, c: Claims, cluster: Cluster): Promise<any> {
  const secret: any = await cluster.get(secrets, c.secret, c.namespace);
  if (!secret || secret.metadata.deletionTimestamp) throw new Error('Token has been invalidated');
  if (Buffer.from(secret.data?.token ?? '', 'base64').toString() !== token)
    throw new Error("Token does not match server's copy");
  const account = await cluster.get({ group: '', plural: 'serviceaccounts' }, c.name, c.namespace);
  if (!account) throw new Error(`serviceaccounts "${c.name}" not found`);
  if (account.metadata.deletionTimestamp) throw new Error(`ServiceAccount ${c.namespace}/${c.name} has been deleted`);
  if (account.metadata.uid !== c.uid)
    throw new Error(`ServiceAccount UID (${account.metadata.uid}) does not match claim (${c.uid})`);
  if (secret.metadata.labels?.[invalidSince] !== undefined)
    throw new Error(
      `the token in secret ${c.namespace}/${c.secret} for service account ${c.namespace}/${c.name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${invalidSince}' label from the secret to temporarily allow use of this token`,
    );
  return secret;
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** Once a day; another server may be a little ahead, so tomorrow is as good as today. A use is no less one when it cannot be noted. */
async function noteUse(secret: any, cluster: Cluster, now: number): Promise<void> {
  const { name, namespace, uid, labels } = secret.metadata;
  const today = dayOf(now);
  if ([today, dayOf(now + day)].includes(labels?.[lastUsed])) return;
  const note = (object: any) => {
    if (object.metadata.uid !== uid) return false;
    object.metadata.labels = { ...object.metadata.labels, [lastUsed]: today };
    return true;
  };
  await cluster.update(secrets, name, namespace, note).catch(() => undefined);
}
