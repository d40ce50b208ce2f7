// What a claim asks for: requests, what they have in common, and parameters for the drivers.
// Mirrors: validateDeviceClaim and below in pkg/apis/resource/validation/validation.go, SetDefaults_* of pkg/apis/resource/v1/defaults.go.
// Called by: ../resourceClaim.ts, ../resourceClaimTemplate.ts. Next: selectors.ts.
import { type FieldError, invalidValue, notSupported, required } from '../../../apimachinery/fieldErrors.ts';
import { isQualifiedName, isValidLabelValue } from '../../../apimachinery/names.ts';
import { pushTexts } from '../check.ts';
import { checkConfiguration, mostConfigurations } from './configuration.ts';
import { checkList, checkSet } from './lists.ts';
import { checkClassName, checkFullyQualifiedName, checkLabel } from './names.ts';
import { checkSelectors } from './selectors.ts';

export const mostRequests = 32;
const mostConstraints = 32;
const mostAlternatives = 8;
const modes: readonly string[] = ['All', 'ExactCount'];
const operators: readonly string[] = ['Equal', 'Exists'];
export const taintEffects: readonly string[] = ['NoExecute', 'NoSchedule', 'None'];

function defaultRequest(request: any): void {
  request.allocationMode ||= 'ExactCount';
  if (request.allocationMode === 'ExactCount') request.count ||= 1;
  for (const toleration of request.tolerations ?? []) toleration.operator ||= 'Equal';
}

export function defaultClaimSpec(spec: any): void {
  spec.devices ??= {};
  // Go writes the list out, empty or not.
  spec.devices.requests ??= null;
  for (const request of spec.devices.requests ?? []) {
    if (request.exactly) defaultRequest(request.exactly);
    for (const alternative of request.firstAvailable ?? []) defaultRequest(alternative);
  }
}

/** Names of requests, each with those of its alternatives. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

export const requestNames = (devices: any): RequestNames =>
  new Map(
    (devices?.requests ?? []).map((request: any) => [
      request.name,
      new Set((request.firstAvailable ?? []).map((alternative: any) => alternative.name)),
    ]),
  );

const referenceText =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

/** `gpu` or `gpu/large`. */
export function checkRequestReference(errors: FieldError[], field: string, name = '', names: RequestNames): void {
  const parts = name.split('/');
  const [request = '', alternative] = parts;
  if (parts.length > 2) return void errors.push(invalidValue(field, name, referenceText));
  for (const part of parts) checkLabel(errors, field, part);
  const found = names.get(request);
  if (!found || (alternative !== undefined && !found.has(alternative)))
    errors.push(invalidValue(field, name, referenceText));
}

export const checkRequestReferences = (
  errors: FieldError[],
  field: string,
  references: string[] | undefined,
  names: RequestNames,
): void =>
  checkSet(
    errors,
    field,
    references,
    mostRequests,
    (_, at, name) => checkRequestReference(errors, at, name, names),
    (name) => name,
  );

export function checkEffect(errors: FieldError[], field: string, effect: string): void {
  if (!taintEffects.includes(effect)) errors.push(notSupported(field, effect, taintEffects));
}

function checkToleration(errors: FieldError[], field: string, { key, operator, value = '', effect }: any): void {
  if (key) pushTexts(errors, `${field}.key`, key, isQualifiedName(key));
  if (!operator) errors.push(required(`${field}.operator`));
  else if (!operators.includes(operator)) errors.push(notSupported(`${field}.operator`, operator, operators));
  else if (operator === 'Equal') pushTexts(errors, `${field}.value`, value, isValidLabelValue(value));
  else if (value) errors.push(invalidValue(`${field}.value`, value, 'must be empty for operator `Exists`'));
  if (effect) checkEffect(errors, `${field}.effect`, effect);
}

function checkMode(errors: FieldError[], field: string, { allocationMode: mode = '', count = 0 }: any): void {
  if (!modes.includes(mode)) errors.push(notSupported(`${field}.allocationMode`, mode, modes));
  else if (mode === 'ExactCount') {
    if (count <= 0) errors.push(invalidValue(`${field}.count`, count, 'must be greater than zero'));
  } else if (count !== 0)
    errors.push(invalidValue(`${field}.count`, count, `must not be specified when allocationMode is '${mode}'`));
}

function checkExact(errors: FieldError[], field: string, request: any): void {
  checkClassName(errors, `${field}.deviceClassName`, request.deviceClassName);
  checkSelectors(errors, `${field}.selectors`, request.selectors);
  checkMode(errors, field, request);
  for (const [i, toleration] of (request.tolerations ?? []).entries())
    checkToleration(errors, `${field}.tolerations[${i}]`, toleration);
}

function checkAlternative(errors: FieldError[], field: string, alternative: any): void {
  checkLabel(errors, `${field}.name`, alternative.name);
  checkExact(errors, field, alternative);
}

const nameOf = (item: any): string => item.name ?? '';
const oneText = 'exactly one of `exactly` or `firstAvailable` is required';

function checkRequest(errors: FieldError[], field: string, request: any): void {
  checkLabel(errors, `${field}.name`, request.name);
  const { exactly, firstAvailable = [] } = request;
  if (exactly && firstAvailable.length)
    errors.push(invalidValue(field, null, `${oneText}, but multiple fields are set`));
  else if (exactly) checkExact(errors, `${field}.exactly`, exactly);
  else if (firstAvailable.length)
    checkSet(errors, `${field}.firstAvailable`, firstAvailable, mostAlternatives, checkAlternative, nameOf);
  else errors.push(required(field, oneText));
}

function checkConstraint(errors: FieldError[], field: string, constraint: any, names: RequestNames): void {
  checkRequestReferences(errors, `${field}.requests`, constraint.requests, names);
  const { matchAttribute: match, distinctAttribute: distinct } = constraint;
  if (match !== undefined) checkFullyQualifiedName(errors, `${field}.matchAttribute`, match);
  else if (distinct !== undefined) checkFullyQualifiedName(errors, `${field}.distinctAttribute`, distinct);
  else errors.push(required(`${field}.matchAttribute`));
}

export function checkClaimSpec(errors: FieldError[], field: string, { devices = {} }: any): void {
  const names = requestNames(devices);
  const at = (name: string) => `${field}.devices.${name}`;
  checkSet(errors, at('requests'), devices.requests, mostRequests, checkRequest, nameOf);
  checkList<any>(errors, at('constraints'), devices.constraints, mostConstraints, (_, where, constraint) =>
    checkConstraint(errors, where, constraint, names),
  );
  checkList<any>(errors, at('config'), devices.config, mostConfigurations, (_, where, config) => {
    checkRequestReferences(errors, `${where}.requests`, config.requests, names);
    checkConfiguration(errors, where, config);
  });
}
