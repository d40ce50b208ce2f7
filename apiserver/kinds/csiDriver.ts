// CSIDriver: what Kubernetes has to know of a storage driver before it calls it.
// Read by the API server's mechanisms. Mirrors: pkg/registry/storage/csidriver, pkg/apis/storage/{v1/defaults,validation}, pkg/printers.
// Next: ../../kubelet/ and the attach controller read it.
import { duplicate, type FieldError, immutable, invalidValue, notSupported } from '../../apimachinery/fieldErrors.ts';
import { ageColumn, booleanColumn, column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';

const groupPolicies: readonly string[] = ['File', 'None', 'ReadWriteOnceWithFSType'];
const lifecycleModes: readonly string[] = ['Persistent', 'Ephemeral'];

function defaults(driver: any): void {
  driver.spec ??= {};
  const { spec } = driver;
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
}

function checkTokenRequests(errors: FieldError[], requests: any[]): void {
  const seen = new Set<string>();
  for (const [i, { audience = '', expirationSeconds: seconds }] of requests.entries()) {
    const field = `spec.tokenRequests[${i}]`;
    if (seen.has(audience)) {
      errors.push(duplicate(`${field}.audience`, audience));
      continue;
    }
    seen.add(audience);
    const refuse = (text: string) => errors.push(invalidValue(`${field}.expirationSeconds`, seconds, text));
    if (seconds < 600) refuse('may not specify a duration less than 10 minutes');
    if (seconds > 2 ** 32) refuse('may not specify a duration larger than 2^32 seconds');
  }
}

function validate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  if (!groupPolicies.includes(spec.fsGroupPolicy))
    errors.push(notSupported('spec.fsGroupPolicy', spec.fsGroupPolicy, groupPolicies));
  checkTokenRequests(errors, spec.tokenRequests ?? []);
  for (const mode of spec.volumeLifecycleModes)
    if (!lifecycleModes.includes(mode)) errors.push(notSupported('spec.volumeLifecycleModes', mode, lifecycleModes));
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period < 10)
    errors.push(
      invalidValue('spec.nodeAllocatableUpdatePeriodSeconds', period, 'must be greater than or equal to 10 seconds'),
    );
  if (spec.serviceAccountTokenInSecrets !== undefined && !spec.tokenRequests?.length)
    errors.push(
      invalidValue(
        'spec.serviceAccountTokenInSecrets',
        spec.serviceAccountTokenInSecrets,
        'serviceAccountTokenInSecrets is set but no tokenRequests are specified',
      ),
    );
  return errors;
}

/** The first path is upstream's. */
function validateUpdate({ spec }: any, { spec: old }: any): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.attachRequired !== old.attachRequired) errors.push(immutable('spec.attachedRequired', spec.attachRequired));
  if (!semanticEqual(spec.volumeLifecycleModes, old.volumeLifecycleModes))
    errors.push(immutable('spec.volumeLifecycleModes', spec.volumeLifecycleModes));
  return errors;
}

const tokenText =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';

function warnings({ spec }: any, old: any): string[] {
  if (!spec.tokenRequests?.length || spec.serviceAccountTokenInSecrets !== undefined) return [];
  return old && semanticEqual(spec.tokenRequests, old.spec.tokenRequests) ? [] : [tokenText];
}

export const csiDriver = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.CSIDriver',
  storage: 'csidrivers',
  defaults,
  // Its generation begins with the first change.
  prepareUpdate: (driver, old) => {
    if (!semanticEqual(driver.spec, old.spec)) driver.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validate,
  validateUpdate,
  warnings,
  unconditionalUpdate: false,
  deleteReturnsObject: true,
  columns: [
    nameColumn,
    booleanColumn('AttachRequired', 'Whether volumes are attached to nodes.', (o) => o.spec?.attachRequired ?? true),
    booleanColumn('PodInfoOnMount', 'Whether it is told of the pod.', (o) => o.spec?.podInfoOnMount ?? false),
    booleanColumn('StorageCapacity', 'Whether it says how much there is.', (o) => o.spec?.storageCapacity ?? false),
    column('TokenRequests', 'Audiences of the tokens that it gets.', ({ spec }) =>
      spec?.tokenRequests ? spec.tokenRequests.map((t: any) => t.audience ?? '').join(',') : '<unset>',
    ),
    booleanColumn(
      'RequiresRepublish',
      'Whether it is called again and again.',
      (o) => o.spec?.requiresRepublish ?? false,
    ),
    column('Modes', 'What its volumes may be.', (o) => (o.spec?.volumeLifecycleModes ?? []).join(',') || '<none>'),
    ageColumn,
  ],
});
