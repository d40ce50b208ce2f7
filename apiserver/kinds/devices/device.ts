// One device of a slice: its attributes, how much it has, what it takes from shared counters, on which nodes it is.
// Mirrors: validateDevice and below in pkg/apis/resource/validation/validation.go. Called by: ../resourceSlice.ts.
import { type FieldError, invalidValue, required, tooLong } from '../../../apimachinery/fieldErrors.ts';
import { byteLength, isDNS1123Subdomain, isQualifiedName, isValidLabelValue } from '../../../apimachinery/names.ts';
import { pushTexts } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { checkNodeSelector } from '../pod/scheduling.ts';
import { checkBindingConditions } from './bindingConditions.ts';
import { checkCapacity } from './capacity.ts';
import { checkEffect } from './claimSpec.ts';
import { checkList, checkMap, checkSet } from './lists.ts';
import { checkLabel, checkQualifiedName, checkRequiredLabel, longestKey } from './names.ts';
import { longestValue, mostAttributes } from './selectors.ts';

const longestLabel = 63;
const mostTaints = 16;
const mostCounters = 32;
const mostConsumptions = 2;

const id = '(0|[1-9]\\d*)';
const pre = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const build = '[0-9a-zA-Z-]+';
const semver = new RegExp(`^${id}\\.${id}\\.${id}(-${pre}(\\.${pre})*)?(\\+${build}(\\.${build})*)?$`);

/** The fields that an attribute may have, and their names in Go. */
const values: readonly [field: string, goName: string][] = [
  ['int', 'IntValue'],
  ['bool', 'BoolValue'],
  ['string', 'StringValue'],
  ['version', 'VersionValue'],
];

function checkAttribute(errors: FieldError[], field: string, attribute: any): void {
  const { string, version } = attribute;
  if (string !== undefined && byteLength(string) > longestValue) errors.push(tooLong(`${field}.string`, longestValue));
  if (version !== undefined) {
    // A long one is not run through the pattern twice; the limit is small.
    if (!semver.test(version))
      errors.push(invalidValue(`${field}.version`, version, 'must be a string compatible with semver.org spec 2.0.0'));
    if (byteLength(version) > longestValue) errors.push(tooLong(`${field}.version`, longestValue));
  }
  const set = values.filter(([name]) => attribute[name] !== undefined).length;
  if (set === 1) return;
  const shown = Object.fromEntries(values.map(([name, goName]) => [goName, attribute[name] ?? null]));
  errors.push(invalidValue(field, set ? shown : '', 'exactly one value must be specified'));
}

export function checkCounters(errors: FieldError[], field: string, counters: any): void {
  if (!Object.keys(counters ?? {}).length) return void errors.push(required(field));
  checkMap(errors, field, counters, mostCounters, longestLabel, checkLabel, () => {});
}

export function checkTaint(errors: FieldError[], field: string, { key = '', value, effect }: any): void {
  pushTexts(errors, `${field}.key`, key, isQualifiedName(key));
  if (value) pushTexts(errors, `${field}.value`, value, isValidLabelValue(value));
  if (effect) checkEffect(errors, `${field}.effect`, effect);
  else errors.push(required(`${field}.effect`));
}

function checkConsumption(errors: FieldError[], field: string, { counterSet, counters }: any): void {
  checkRequiredLabel(errors, `${field}.counterSet`, counterSet);
  checkCounters(errors, `${field}.counters`, counters);
}

export const checkNodeName = (errors: FieldError[], field: string, name: string): void =>
  pushTexts(errors, field, name, isDNS1123Subdomain(name));

const oneText =
  'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
const noneText =
  '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';

function checkNodes(errors: FieldError[], field: string, device: any, perDevice: boolean): void {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!perDevice) {
    if (nodeName !== undefined || nodeSelector !== undefined || allNodes !== undefined)
      errors.push(invalidValue(field, null, noneText));
    return;
  }
  const set: string[] = [];
  if (nodeName) {
    set.push('`nodeName`');
    checkNodeName(errors, `${field}.nodeName`, nodeName);
  } else if (nodeName === '') errors.push(invalidValue(`${field}.nodeName`, nodeName, 'must not be empty'));
  if (nodeSelector) {
    set.push('`nodeSelector`');
    checkNodeSelector(errors, `${field}.nodeSelector`, nodeSelector);
  }
  if (allNodes) set.push('`allNodes`');
  else if (allNodes === false)
    errors.push(invalidValue(`${field}.allNodes`, allNodes, 'must be either unset or set to true'));
  if (!set.length) errors.push(required(field, oneText));
  else if (set.length > 1) errors.push(invalidValue(field, `{${set.join(', ')}}`, oneText));
}

/** `old`: the device of that name that was there before. */
export function checkDevice(errors: FieldError[], field: string, device: any, old: any, perDevice: boolean): void {
  const { attributes = {}, capacity = {}, taints, allowMultipleAllocations = false } = device;
  checkLabel(errors, `${field}.name`, device.name);
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > mostAttributes)
    errors.push(
      invalidValue(field, count, `the total number of attributes and capacities must not exceed ${mostAttributes}`),
    );
  checkMap(errors, `${field}.attributes`, attributes, -1, longestKey, checkQualifiedName, checkAttribute);
  checkMap(errors, `${field}.capacity`, capacity, -1, longestKey, checkQualifiedName, (_, at, amount) =>
    checkCapacity(errors, at, amount, allowMultipleAllocations),
  );
  if (!old || !semanticEqual(taints, old.taints)) checkList(errors, `${field}.taints`, taints, mostTaints, checkTaint);
  checkSet<any>(
    errors,
    `${field}.consumesCounters`,
    device.consumesCounters,
    mostConsumptions,
    checkConsumption,
    ({ counterSet }) => counterSet ?? '',
  );
  checkNodes(errors, field, device, perDevice);
  checkBindingConditions(errors, field, device);
}
