// What each of Kubernetes' own signers demands of a request; and whether a node asks for a client certificate of its own.
// Pure. Mirrors: pkg/apis/certificates/helpers.go, the recognizers in pkg/controller/certificates/signer and …/approver.
// Used by: approving.ts and signing.ts.
import type { Asked } from './request.ts';

export const kubeletClient = 'kubernetes.io/kube-apiserver-client-kubelet';
export const kubeletServing = 'kubernetes.io/kubelet-serving';
export const apiServerClient = 'kubernetes.io/kube-apiserver-client';
export const legacyUnknown = 'kubernetes.io/legacy-unknown';
export const signerNames = [kubeletServing, kubeletClient, apiServerClient, legacyUnknown] as const;
export type SignerName = (typeof signerNames)[number];

/** Why a request is refused; undefined when it is fine. */
type Rule = (asked: Asked, usages: readonly string[]) => string | undefined;

const nodePrefix = 'system:node:';
const signing = ['digital signature', 'key encipherment'];

/** Exactly these usages, with `key encipherment` or without it. */
function fits(usages: readonly string[], purpose: string): string | undefined {
  const wanted = [...signing, purpose].sort();
  const given = [...new Set([...usages, 'key encipherment'])].sort();
  return given.join() === wanted.join() ? undefined : `usages did not match [${wanted.join(' ')}]`;
}

function ofNode({ organizations, commonName }: Asked): string | undefined {
  if (organizations.join() !== 'system:nodes') return 'subject organization is not system:nodes';
  if (!commonName.startsWith(nodePrefix)) return `subject common name does not begin with ${nodePrefix}`;
  return undefined;
}

export const checkKubeletClient: Rule = (asked, usages) => {
  const wrong = ofNode(asked);
  if (wrong) return wrong;
  const { dns, ip, email, url } = asked.names;
  if (dns.length) return 'DNS subjectAltNames are not allowed';
  if (email.length) return 'Email subjectAltNames are not allowed';
  if (ip.length) return 'IP subjectAltNames are not allowed';
  if (url.length) return 'URI subjectAltNames are not allowed';
  return fits(usages, 'client auth');
};

const checkKubeletServing: Rule = (asked, usages) => {
  const wrong = ofNode(asked);
  if (wrong) return wrong;
  const { dns, ip, email, url } = asked.names;
  if (!dns.length && !ip.length) return 'DNS or IP subjectAltName is required';
  if (email.length) return 'Email subjectAltNames are not allowed';
  if (url.length) return 'URI subjectAltNames are not allowed';
  return fits(usages, 'server auth');
};

const checkApiServerClient: Rule = (_, usages) => {
  const strange = usages.find((usage) => ![...signing, 'client auth'].includes(usage));
  if (strange !== undefined) return `invalid usage for client certificate: ${strange}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
};

export const rules: Record<SignerName, Rule> = {
  [kubeletServing]: checkKubeletServing,
  [kubeletClient]: checkKubeletClient,
  [apiServerClient]: checkApiServerClient,
  [legacyUnknown]: () => undefined,
};
