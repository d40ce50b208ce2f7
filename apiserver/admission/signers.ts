// Who may decide on and sign requests for certificates is asked of the authorizer, signer by signer: four plugins in one rule.
// Reads: the authorizer. Mirrors: plugin/pkg/admission/certificates/{approval,signing,subjectrestriction,ctbattest}.
// Next: the controllers that approve and sign.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { maySign } from '../kinds/certificateRequest/maySign.ts';
import { organizationsOf } from '../kinds/certificateRequest/pem.ts';
import { refuse } from './forbidden.ts';
import type { AdmissionPlugin, Attributes } from './plugin.ts';

const group = 'certificates.k8s.io';
const clientSigner = 'kubernetes.io/kube-apiserver-client';
const masters = 'system:masters';

const isRequest = (a: Attributes, operation: Attributes['operation'], subresource: string): boolean =>
  a.kind.group === group &&
  a.kind.plural === 'certificatesigningrequests' &&
  a.operation === operation &&
  a.subresource === subresource;

export const certificateApproval = (): AdmissionPlugin => ({
  name: 'CertificateApproval',
  async validate(a) {
    if (!isRequest(a, 'UPDATE', 'approval')) return;
    const signer: string = a.object.spec.signerName;
    if (!(await maySign(a.context, 'approve', signer)))
      throw refuse(a, `user not permitted to approve requests with signerName ${JSON.stringify(signer)}`);
  },
});

export const certificateSigning = (): AdmissionPlugin => ({
  name: 'CertificateSigning',
  async validate(a) {
    if (!isRequest(a, 'UPDATE', 'status')) return;
    const [before, after] = [a.old?.['status'], a.object.status];
    if (before?.certificate === after?.certificate && deepEqual(before?.conditions ?? [], after?.conditions ?? []))
      return;
    const signer: string = a.old?.['spec'].signerName;
    if (!(await maySign(a.context, 'sign', signer)))
      throw refuse(a, `user not permitted to sign requests with signerName ${JSON.stringify(signer)}`);
  },
});

export const certificateSubjectRestriction = (): AdmissionPlugin => ({
  name: 'CertificateSubjectRestriction',
  validate(a) {
    if (!isRequest(a, 'CREATE', '') || a.object.spec.signerName !== clientSigner) return;
    if (organizationsOf(a.object.spec.request).includes(masters))
      throw refuse(a, `use of ${clientSigner} signer with ${masters} group is not allowed`);
  },
});

export const clusterTrustBundleAttest = (): AdmissionPlugin => ({
  name: 'ClusterTrustBundleAttest',
  async validate(a) {
    if (a.kind.group !== group || a.kind.plural !== 'clustertrustbundles' || a.subresource) return;
    const signer: string | undefined = a.operation === 'DELETE' ? undefined : a.object?.spec?.signerName;
    if (signer && !(await maySign(a.context, 'attest', signer)))
      throw refuse(a, `user not permitted to attest for signerName ${JSON.stringify(signer)}`);
  },
});
