// DeviceClass: a kind of device that claims may ask for by name, with the selectors and settings that are always meant with it.
// Read by the API server's mechanisms. Mirrors: pkg/registry/resource/deviceclass, pkg/apis/resource/{v1,validation}.
// Next: resourceClaim.ts asks for it.
import { type FieldError, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { checkConfiguration, mostConfigurations } from './devices/configuration.ts';
import { checkList } from './devices/lists.ts';
import { checkSelectors } from './devices/selectors.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';
import { isExtended } from './pod/resourceNames.ts';

function checkSpec({ spec }: any, old?: any): FieldError[] {
  const errors: FieldError[] = [];
  const kept = (name: string) => Boolean(old && semanticEqual(spec[name], old.spec[name]));
  checkSelectors(errors, 'spec.selectors', spec.selectors, kept('selectors'));
  checkList<any>(errors, 'spec.config', spec.config, mostConfigurations, (_, at, config) =>
    checkConfiguration(errors, at, config, kept('config')),
  );
  const name = spec.extendedResourceName;
  if (name !== undefined && !isExtended(name))
    errors.push(invalidValue('spec.extendedResourceName', name, 'must be a valid extended resource name'));
  return errors;
}

export const deviceClass = defineKind({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  namespaced: false,
  schema: 'io.k8s.api.resource.v1.DeviceClass',
  storage: 'deviceclasses',
  defaults: (object) => {
    object.spec ??= {};
  },
  validateCreate: (object) => checkSpec(object),
  validateUpdate: checkSpec,
  deleteReturnsObject: true,
  generation: ({ spec }, old) => !semanticEqual(spec, old.spec),
  columns: [nameColumn, ageColumn],
});
