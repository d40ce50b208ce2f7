// PodCertificateRequest: the kubelet asks a signer for a certificate for a pod; the signer puts it into the status, or says no.
// Read by the API server's mechanisms; beta: served with its feature gate and --runtime-config.
// Mirrors: pkg/registry/certificates/podcertificaterequest. Next: certificateRequest/podRequest.ts, its rules.
import { forbiddenField } from '../../apimachinery/fieldErrors.ts';
import { invalid } from '../../apimachinery/status.ts';
import { maySign } from './certificateRequest/maySign.ts';
import { endingOf, validateCreate, validateStatus, validateUpdate } from './certificateRequest/podRequest.ts';
import { column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { keepMetadata } from './keepMetadata.ts';
import { type Context, defineKind } from './kind.ts';
import { statusSubresource } from './statusSubresource.ts';

const group = 'certificates.k8s.io';
const kind = 'PodCertificateRequest';

async function authorizeUpdate({ metadata, status = {} }: any, old: any, context: Context): Promise<void> {
  const { signerName } = old.spec;
  if (semanticEqual(status, old.status ?? {}) || (await maySign(context, 'sign', signerName))) return;
  const [user, signer] = [context.user.username ?? '', signerName].map((text) => JSON.stringify(text));
  const text = `User ${user} is not permitted to "sign" for signer ${signer}`;
  throw invalid({ group, kind }, metadata.name, [forbiddenField('spec.signerName', text)]);
}

const ofSpec = (name: string) => (object: any) => object.spec?.[name] ?? '';

export const podCertificateRequest = defineKind({
  group,
  version: 'v1beta1',
  kind,
  plural: 'podcertificaterequests',
  namespaced: true,
  schema: 'io.k8s.api.certificates.v1beta1.PodCertificateRequest',
  storage: 'podcertificaterequests',
  gate: kind,
  defaults: (request) => {
    request.spec ??= {};
    request.spec.maxExpirationSeconds ??= 86400;
  },
  validateCreate,
  validateUpdate,
  unconditionalUpdate: false,
  subresources: [
    statusSubresource((request, old, context) => validateStatus(request, old, context?.now() ?? Date.now()), {
      keep: keepMetadata,
      authorizeUpdate,
    }),
  ],
  columns: [
    nameColumn,
    column('PodName', 'The pod that it is for.', ofSpec('podName')),
    column('ServiceAccountName', 'Who the pod is.', ofSpec('serviceAccountName')),
    column('NodeName', 'Where the pod is.', ofSpec('nodeName')),
    column('SignerName', 'Whose certificate is asked for.', ofSpec('signerName')),
    column('State', 'What became of it.', (request) => endingOf(request) ?? 'Pending'),
  ],
  selectableFields: {
    'spec.signerName': ofSpec('signerName'),
    'spec.podName': ofSpec('podName'),
    'spec.nodeName': ofSpec('nodeName'),
  },
});
