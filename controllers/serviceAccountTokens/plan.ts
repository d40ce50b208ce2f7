// What a Secret of type kubernetes.io/service-account-token needs: to be filled, to go with its account, or nothing. Pure.
// Mirrors: secretUpdateNeeded and generateTokenIfNeeded in pkg/controller/serviceaccount/tokens_controller.go.
// Used by: serviceAccountTokens.ts.
import type { Secret, ServiceAccount } from '../../apimachinery/types.ts';

export const tokenType = 'kubernetes.io/service-account-token';
const nameAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';

/** The account that the Secret is for; undefined when it names none. */
export const accountNameOf = (secret: Secret): string | undefined =>
  secret.metadata.annotations?.[nameAnnotation] || undefined;

/** A Secret that names no uid is for whatever account has the name. */
export function isOf(secret: Secret, account: ServiceAccount | undefined): boolean {
  const uid = secret.metadata.annotations?.[uidAnnotation];
  return account !== undefined && (!uid || uid === account.metadata.uid);
}

export type TokenPlan = { do: 'nothing' } | { do: 'delete' } | { do: 'fill'; token: boolean; rootCa: boolean };

/** `account` has the Secret's name for it, if there is one; `rootCa` is the PEM of --root-ca-file, or empty. */
export function planToken(secret: Secret, account: ServiceAccount | undefined, rootCa: string): TokenPlan {
  if (!isOf(secret, account)) return { do: 'delete' };
  const has = (key: string) => Boolean(secret.data?.[key]);
  const ca = Boolean(rootCa) && secret.data?.['ca.crt'] !== base64(rootCa);
  const annotated = secret.metadata.annotations?.[uidAnnotation] === account?.metadata.uid;
  if (has('token') && has('namespace') && !ca && annotated) return { do: 'nothing' };
  return { do: 'fill', token: !has('token'), rootCa: ca };
}

/** The Secret with all that was missing. `token` is used where the Secret has none. */
export function filled(secret: Secret, account: ServiceAccount, token: string, rootCa: string): Secret {
  const { name, uid } = account.metadata;
  const data = { ...secret.data };
  if (rootCa) data['ca.crt'] = base64(rootCa);
  data.namespace ||= base64(secret.metadata.namespace!);
  data.token ||= base64(token);
  const annotations = { ...secret.metadata.annotations, [nameAnnotation]: name, [uidAnnotation]: uid! };
  return { ...secret, metadata: { ...secret.metadata, annotations }, data };
}

/** What such a token says: whose it is and which Secret holds it. It has no audience and no end. */
export const claimsFor = (secret: Secret, account: ServiceAccount): Record<string, string> => ({
  iss: 'kubernetes/serviceaccount',
  'kubernetes.io/serviceaccount/namespace': secret.metadata.namespace!,
  'kubernetes.io/serviceaccount/secret.name': secret.metadata.name,
  'kubernetes.io/serviceaccount/service-account.name': account.metadata.name,
  'kubernetes.io/serviceaccount/service-account.uid': account.metadata.uid!,
  sub: `system:serviceaccount:${secret.metadata.namespace}:${account.metadata.name}`,
});

const base64 = (text: string) => Buffer.from(text).toString('base64');
