// Service: a stable name and address for a changing set of pods. Its parts are in service/, in the order that a write meets them:
// defaults, prepare, ipFamilies, validation, allocate. Read by the API server's mechanisms.
// Mirrors: pkg/registry/core/service and pkg/apis/core/validation (ValidateService).
// Next: ../../controllers/ writes its EndpointSlices, ../../proxy/ makes its address work.

import { nameIsDNS1035Label } from '../../apimachinery/names.ts';
import { serviceProxy } from './connected.ts';
import { defineKind } from './kind.ts';
import { allocate, release } from './service/allocate.ts';
import { columns } from './service/columns.ts';
import { defaults } from './service/defaults.ts';
import { prepareCreate, prepareUpdate } from './service/prepare.ts';
import { validate, validateStatus, validateUpdate } from './service/validation.ts';
import { statusWarnings, warnings } from './service/warnings.ts';
import { statusSubresource } from './statusSubresource.ts';

export const service = defineKind({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Service',
  storage: 'services/specs',
  defaults,
  prepareCreate,
  prepareUpdate,
  validateName: nameIsDNS1035Label,
  validate,
  validateUpdate,
  warnings,
  allocate,
  release,
  createOnUpdate: true,
  deleteReturnsObject: true,
  subresources: [statusSubresource(validateStatus, { warnings: statusWarnings }), serviceProxy],
  selectableFields: { 'spec.clusterIP': (o) => o.spec?.clusterIP ?? '', 'spec.type': (o) => o.spec?.type ?? '' },
  columns,
});
