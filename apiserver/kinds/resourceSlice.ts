// ResourceSlice: devices that a driver offers, those of one node or of several, as one of the slices that make up a pool.
// Read by the API server's mechanisms. Mirrors: pkg/registry/resource/resourceslice, pkg/apis/resource/{v1,validation}, pkg/printers.
// Next: devices/device.ts, the rules of one device.
import { toTime } from '../../apimachinery/clock.ts';
import { type FieldError, immutable, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { checkCounters, checkDevice, checkNodeName } from './devices/device.ts';
import { checkSet } from './devices/lists.ts';
import { checkPoolName, checkRequiredLabel } from './devices/names.ts';
import { semanticEqual } from './equal.ts';
import { type Context, defineKind } from './kind.ts';
import { checkNodeSelector } from './pod/scheduling.ts';
import { checkDriverName } from './pod/volumes.ts';

const mostDevices = 128;
const mostHeavyDevices = 64;
const mostCounterSets = 8;
const placeText = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

function checkPool(errors: FieldError[], { name, resourceSliceCount = 0, generation = 0 }: any = {}): void {
  checkPoolName(errors, 'spec.pool.name', name);
  if (resourceSliceCount <= 0)
    errors.push(invalidValue('spec.pool.resourceSliceCount', resourceSliceCount, 'must be greater than zero'));
  if (generation < 0)
    errors.push(invalidValue('spec.pool.generation', generation, 'must be greater than or equal to zero'));
}

function checkFixed(errors: FieldError[], spec: any, old: any): void {
  if (spec.pool?.name !== old.pool?.name) errors.push(immutable('spec.pool.name', spec.pool?.name ?? ''));
  if (spec.driver !== old.driver) errors.push(immutable('spec.driver', spec.driver ?? ''));
  if (spec.nodeName !== old.nodeName) errors.push(immutable('spec.nodeName', spec.nodeName ?? null));
}

function checkSelectedNodes(errors: FieldError[], selector: any): void {
  const field = 'spec.nodeSelector';
  checkNodeSelector(errors, field, selector);
  const terms = selector.nodeSelectorTerms ?? null;
  if (terms?.length !== 1)
    errors.push(invalidValue(`${field}.nodeSelectorTerms`, terms, 'must have exactly one node selector term'));
}

/** The one place that the slice's devices are at. */
function checkPlace(errors: FieldError[], spec: any): void {
  const set: string[] = [];
  const { nodeName, nodeSelector } = spec;
  if (nodeName) {
    set.push('`nodeName`');
    checkNodeName(errors, 'spec.nodeName', nodeName);
  } else if (nodeName === '')
    errors.push(invalidValue('spec.nodeName', nodeName, 'must be either unset or set to a non-empty string'));
  if (nodeSelector) {
    set.push('`nodeSelector`');
    checkSelectedNodes(errors, nodeSelector);
  }
  for (const name of ['allNodes', 'perDeviceNodeSelection']) {
    if (spec[name]) set.push(`\`${name}\``);
    else if (spec[name] === false)
      errors.push(invalidValue(`spec.${name}`, false, 'must be either unset or set to true'));
  }
  if (!set.length) errors.push(required('spec', placeText));
  else if (set.length > 1)
    errors.push(invalidValue('spec', `{${set.join(', ')}}`, `${placeText}, but multiple fields are set`));
}

const isHeavy = ({ taints, consumesCounters }: any) => Boolean(taints?.length || consumesCounters?.length);
const nameOf = (item: any): string => item.name ?? '';

function checkSpec({ spec }: any, old?: any): FieldError[] {
  const errors: FieldError[] = [];
  checkDriverName(errors, 'spec.driver', spec.driver);
  checkPool(errors, spec.pool);
  if (old) checkFixed(errors, spec, old.spec);
  checkPlace(errors, spec);
  const { devices, sharedCounters, perDeviceNodeSelection = false } = spec;
  if (sharedCounters !== undefined && devices !== undefined)
    errors.push(invalidValue('spec', '', 'only one of `sharedCounters` or `devices` is allowed'));
  const before = (name: string) => old?.spec.devices?.find((device: any) => device.name === name);
  const most = devices?.some(isHeavy) ? mostHeavyDevices : mostDevices;
  const check = (_: unknown, at: string, device: any) =>
    checkDevice(errors, at, device, before(device.name), perDeviceNodeSelection);
  checkSet<any>(errors, 'spec.devices', devices, most, check, nameOf);
  const checkCounterSet = (_: unknown, at: string, { name, counters }: any) => {
    checkRequiredLabel(errors, `${at}.name`, name);
    checkCounters(errors, `${at}.counters`, counters);
  };
  checkSet<any>(errors, 'spec.sharedCounters', sharedCounters, mostCounterSets, checkCounterSet, nameOf);
  return errors;
}

/** A taint says since when it is there. */
function dateTaints({ spec }: any, { now }: Context): void {
  for (const device of spec.devices ?? []) for (const taint of device.taints ?? []) taint.timeAdded ??= toTime(now());
}

export const resourceSlice = defineKind({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  namespaced: false,
  schema: 'io.k8s.api.resource.v1.ResourceSlice',
  storage: 'resourceslices',
  defaults: (slice) => {
    slice.spec ??= {};
  },
  prepareCreate: dateTaints,
  prepareUpdate: (slice, _, context) => dateTaints(slice, context),
  validateCreate: (slice) => checkSpec(slice),
  validateUpdate: checkSpec,
  deleteReturnsObject: true,
  generation: ({ spec }, old) => !semanticEqual(spec, old.spec),
  selectableFields: {
    'spec.driver': ({ spec }) => spec?.driver ?? '',
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
  },
  columns: [
    nameColumn,
    column('Node', 'The node that its devices are at.', ({ spec }) => spec?.nodeName ?? ''),
    column('Driver', 'Whose devices they are.', ({ spec }) => spec?.driver ?? ''),
    column('Pool', 'The pool that it is part of.', ({ spec }) => spec?.pool?.name ?? ''),
    ageColumn,
  ],
});
