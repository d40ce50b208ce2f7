// APIService: who serves a group version, this server or another one behind a Service, and where it stands among the groups.
// Read by the API server's mechanisms. Mirrors: kube-aggregator/pkg/apis/apiregistration/validation, pkg/registry/apiservice.
// Next: ../aggregator/, which makes those of this server, looks after the others and sends requests on to them.

import { toTime } from '../../apimachinery/clock.ts';
import { type FieldError, invalidValue, notSupported, required } from '../../apimachinery/fieldErrors.ts';
import { isDNS1035Label, isDNS1123Subdomain, isPathSegmentName, isValidPortNum } from '../../apimachinery/names.ts';
import { checkRequired, pushTexts } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { keepMetadata } from './keepMetadata.ts';
import { defineKind } from './kind.ts';
import { statusSubresource } from './statusSubresource.ts';

const statuses: readonly string[] = ['True', 'False', 'Unknown'];

/** The condition of every APIService whose group version this server has itself. */
export const localAvailable = {
  type: 'Available',
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
};

function defaults(object: any): void {
  object.spec ??= {};
  if (object.spec.service) object.spec.service.port ??= 443;
}

function checkPriority(errors: FieldError[], field: string, value: number | undefined, most: number): void {
  if (!(value !== undefined && value > 0 && value <= most))
    errors.push(invalidValue(field, value ?? 0, `must be positive and less than ${most}`));
}

/** What only makes sense for another server. */
function checkLocal(errors: FieldError[], { caBundle, insecureSkipTLSVerify }: any): void {
  if (caBundle) {
    const size = `${Buffer.from(caBundle, 'base64').length} bytes`;
    errors.push(invalidValue('spec.caBundle', size, 'local APIServices may not have a caBundle'));
  }
  if (insecureSkipTLSVerify)
    errors.push(
      invalidValue('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'),
    );
}

function checkRemote(errors: FieldError[], { service, caBundle, insecureSkipTLSVerify }: any): void {
  checkRequired(errors, 'spec.service.namespace', service.namespace);
  checkRequired(errors, 'spec.service.name', service.name);
  const port = isValidPortNum(service.port);
  if (port.length)
    errors.push(invalidValue('spec.service.port', service.port, `port is not valid: ${port.join(', ')}`));
  if (insecureSkipTLSVerify && caBundle)
    errors.push(invalidValue('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'));
}

function validate(object: any): FieldError[] {
  const errors: FieldError[] = [];
  const { group = '', version = '', groupPriorityMinimum, versionPriority, service } = object.spec;
  const wanted = `${version}.${group}`;
  if (object.metadata.name && object.metadata.name !== wanted)
    errors.push(
      invalidValue(
        'metadata.name',
        object.metadata.name,
        `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`,
      ),
    );
  if (!group && version !== 'v1')
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  if (group) pushTexts(errors, 'spec.group', group, isDNS1123Subdomain(group));
  pushTexts(errors, 'spec.version', version, isDNS1035Label(version));
  checkPriority(errors, 'spec.groupPriorityMinimum', groupPriorityMinimum, 20_000);
  checkPriority(errors, 'spec.versionPriority', versionPriority, 1000);
  if (service) checkRemote(errors, object.spec);
  else checkLocal(errors, object.spec);
  return errors;
}

function validateStatus(object: any): FieldError[] {
  const conditions: any[] = object.status?.conditions ?? [];
  return conditions.flatMap(({ status = '' }, i) =>
    statuses.includes(status) ? [] : [notSupported(`status.conditions[${i}].status`, status, statuses)],
  );
}

function availability(object: any): string {
  const condition = (object.status?.conditions ?? []).find((c: any) => c.type === 'Available');
  if (!condition) return 'Unknown';
  return condition.status !== 'True' && condition.reason
    ? `${condition.status} (${condition.reason})`
    : condition.status;
}

export const apiService = defineKind({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
  storage: 'apiregistration.k8s.io/apiservices',
  defaults,
  prepareCreate: (object, { now }) => {
    if (!object.spec.service)
      object.status = { conditions: [{ ...localAvailable, lastTransitionTime: toTime(now()) }] };
  },
  validateName: (name) => isPathSegmentName(name, false),
  validate,
  unconditionalUpdate: false,
  subresources: [statusSubresource(validateStatus, { keep: keepMetadata, resets: ['metadata'] })],
  columns: [
    nameColumn,
    column('Service', 'The Service that leads to the server of this group version.', ({ spec }) =>
      spec.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local',
    ),
    column('Available', 'Whether that server answers.', availability),
    ageColumn,
  ],
});
