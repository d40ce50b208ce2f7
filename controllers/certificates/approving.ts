// Approves client certificates of nodes, for those who may ask for them without being asked back.
// Reads: certificatesigningrequests; asks the API server who may. Writes: certificatesigningrequests/approval.
// Mirrors: pkg/controller/certificates/approver/sarapprove.go. Next along the chain: signing.ts.
import { toTime } from '../../apimachinery/clock.ts';
import { certificateSigningRequests, subjectAccessReviews } from '../../apimachinery/resources.ts';
import type { CertificateSigningRequest, SubjectAccessReview } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { isDecided, isIssued, readRequest } from './request.ts';
import { checkKubeletClient, kubeletClient } from './rules.ts';

interface Recognized {
  subresource: 'selfnodeclient' | 'nodeclient';
  message: string;
}

/** As whom it may be approved, the narrower right first. */
export function recognize(csr: CertificateSigningRequest): Recognized[] {
  if (csr.spec?.signerName !== kubeletClient) return [];
  const asked = readRequest(csr);
  if (checkKubeletClient(asked, csr.spec.usages ?? []) !== undefined) return [];
  const self: Recognized = {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  };
  const other: Recognized = {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  };
  return csr.spec.username === asked.commonName ? [self, other] : [other];
}

export const csrApproving: Controller = {
  name: 'certificatesigningrequest-approving-controller',
  serviceAccount: 'certificate-controller',
  workers: 5,
  watches: [watch({ resource: certificateSigningRequests, keys: (csr) => [csr.metadata.name] })],
  async reconcile(key, context) {
    const csr = context.informers.informer(certificateSigningRequests).get(key) as
      | CertificateSigningRequest
      | undefined;
    if (!csr || isIssued(csr) || isDecided(csr)) return undefined;
    const all = recognize(csr);
    for (const recognized of all)
      if (await isAllowed(csr, recognized, context)) return approve(csr, recognized, context);
    // The right may be given later.
    if (all.length)
      throw new Error(
        `recognized csr ${JSON.stringify(key)} as [${all.map((r) => r.subresource).join(' ')}] but subject access review was not approved`,
      );
    return undefined;
  },
};

async function isAllowed(
  { spec }: CertificateSigningRequest,
  { subresource }: Recognized,
  { client }: ControllerContext,
): Promise<boolean> {
  const { username: user, uid, groups, extra } = spec!;
  const resourceAttributes = {
    group: certificateSigningRequests.group,
    resource: certificateSigningRequests.plural,
    verb: 'create',
    subresource,
  };
  const review = { metadata: {}, spec: { user, uid, groups, extra, resourceAttributes } };
  const answer = (await client.create(subjectAccessReviews, review as never)) as SubjectAccessReview;
  return answer.status?.allowed === true;
}

async function approve(
  csr: CertificateSigningRequest,
  { message }: Recognized,
  { client, clock }: ControllerContext,
): Promise<undefined> {
  const now = toTime(clock.now());
  const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message, lastUpdateTime: now };
  const conditions = [...(csr.status?.conditions ?? []), approved];
  const next = { ...csr, status: { ...csr.status, conditions } };
  await client.update(certificateSigningRequests, next as never, { subresource: 'approval' });
}
