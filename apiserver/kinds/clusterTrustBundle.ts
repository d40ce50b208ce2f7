// ClusterTrustBundle: certificates that pods may trust, of a signer or of nobody.
// Read by the API server's mechanisms; beta: served with its feature gate and --runtime-config. Mirrors: pkg/apis/certificates/validation,
// pkg/registry/certificates/clustertrustbundle. Next: certificateRequest/pem.ts reads the certificates.
import { X509Certificate } from 'node:crypto';
import { type FieldError, immutable, invalidValue, tooLong } from '../../apimachinery/fieldErrors.ts';
import { byteLength, nameIsDNSSubdomain } from '../../apimachinery/names.ts';
import { type Block, blocksOfText } from './certificateRequest/pem.ts';
import { checkSignerName } from './certificateRequest/signerName.ts';
import { pushTexts } from './check.ts';
import { column, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';

const maxSize = 1024 * 1024;
const field = 'spec.trustBundle';

/** The signer's name begins the object's, with a colon for each slash and behind it. */
function nameTexts(name: string, signer: string): string[] {
  if (!signer)
    return name.includes(':')
      ? ['ClusterTrustBundle without signer name must not have ":" in its name']
      : nameIsDNSSubdomain(name, false);
  const prefix = `${signer.replaceAll('/', ':')}:`;
  return name.startsWith(prefix)
    ? nameIsDNSSubdomain(name.slice(prefix.length), false)
    : [`ClusterTrustBundle for signerName ${signer} must be named with prefix ${prefix}`];
}

/** Why a block is no certificate of an authority. */
function blockProblem({ type, headers, der }: Block): string | undefined {
  if (type !== 'CERTIFICATE') return `has bad block type: ${type}`;
  if (headers) return 'has PEM block headers';
  try {
    return new X509Certificate(der).ca ? undefined : 'does not have the CA bit set';
  } catch {
    return 'does not parse as X.509';
  }
}

function checkBundle(errors: FieldError[], bundle: string): void {
  if (byteLength(bundle) > maxSize) return void errors.push(tooLong(field, maxSize));
  const refuse = (why: string) => errors.push(invalidValue(field, '<value omitted>', why));
  const before = errors.length;
  const places = new Map<string, number[]>();
  for (const [i, block] of blocksOfText(bundle).entries()) {
    const problem = blockProblem(block);
    const key = block.der.toString('base64');
    if (problem) refuse(`entry ${i} ${problem}`);
    else places.set(key, [...(places.get(key) ?? []), i]);
  }
  if (errors.length > before) return;
  if (!places.size) refuse('at least one trust anchor must be provided');
  for (const indices of places.values())
    if (indices.length > 1) refuse(`duplicate trust anchor (indices [${indices.join(' ')}])`);
}

function check({ metadata, spec }: any, old?: any): FieldError[] {
  const errors: FieldError[] = [];
  const { signerName = '', trustBundle = '' } = spec;
  if (metadata.name) pushTexts(errors, 'metadata.name', metadata.name, nameTexts(metadata.name, signerName));
  if (signerName) checkSignerName(errors, 'spec.signerName', signerName);
  // What was let in once stays, however readers change.
  if (!old || trustBundle !== (old.spec.trustBundle ?? '')) checkBundle(errors, trustBundle);
  if (old && signerName !== (old.spec.signerName ?? '')) errors.push(immutable('spec.signerName', signerName));
  return errors;
}

export const clusterTrustBundle = defineKind({
  group: 'certificates.k8s.io',
  version: 'v1beta1',
  kind: 'ClusterTrustBundle',
  plural: 'clustertrustbundles',
  namespaced: false,
  schema: 'io.k8s.api.certificates.v1beta1.ClusterTrustBundle',
  storage: 'clustertrustbundles',
  gate: 'ClusterTrustBundle',
  defaults: (object) => {
    object.spec ??= {};
  },
  validateName: () => [],
  validateCreate: (object) => check(object),
  validateUpdate: check,
  unconditionalUpdate: false,
  columns: [nameColumn, column('SignerName', 'Whose they are.', ({ spec }) => spec?.signerName || '<none>')],
  selectableFields: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
});
