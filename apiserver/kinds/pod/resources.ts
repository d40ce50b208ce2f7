// Rules of requests and limits, of a container and of the whole pod.
// Mirrors: validateResourceRequirements and validatePodResources in pkg/apis/core/validation/validation.go.
// Called by: containers.ts and spec.ts.

import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notFoundField,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { isDNS1123Label, isQualifiedName } from '../../../apimachinery/names.ts';
import { ownValue } from '../../../apimachinery/ownValue.ts';
import {
  compareQuantities,
  integerValue,
  milliValue,
  parseQuantity,
  type Quantity,
  quantityText,
  signOf,
} from '../../../apimachinery/quantity.ts';
import { notNegativeText, pushTexts } from '../check.ts';
import { aggregate } from './aggregate.ts';
import {
  hugePagesPrefix,
  isExtended,
  isHugePage,
  isNative,
  isStandard,
  isStandardForContainers,
  isWholeNumber,
  mayOvercommit,
} from './resourceNames.ts';

/** The common ones, so that the hot path never runs a regular expression. */
const everyday = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** The name of any resource. */
export function checkName(errors: FieldError[], field: string, name: string): void {
  const texts = isQualifiedName(name);
  if (texts.length) pushTexts(errors, field, name, texts);
  else if (!name.includes('/') && !isStandard(name))
    errors.push(invalidValue(field, name, 'must be a standard resource type or fully qualified'));
}

/** The name of a resource that containers use. */
export function checkContainerName(errors: FieldError[], field: string, name: string): void {
  if (everyday.has(name)) return;
  checkName(errors, field, name);
  if (!name.includes('/')) {
    if (!isStandardForContainers(name))
      errors.push(invalidValue(field, name, 'must be a standard resource for containers'));
  } else if (!isNative(name) && !isExtended(name))
    errors.push(invalidValue(field, name, "doesn't follow extended resource name standard"));
}

function checkPodName(errors: FieldError[], field: string, name: string): void {
  if (name === 'cpu' || name === 'memory' || isHugePage(name)) return;
  checkName(errors, field, name);
  errors.push(notSupported(field, name, ['cpu', hugePagesPrefix, 'memory']));
}

/** An amount of `name`: not negative, and whole where the resource is counted in pieces. */
export function checkAmount(errors: FieldError[], field: string, name: string, amount: Quantity): void {
  if (signOf(amount) < 0) errors.push(invalidValue(field, quantityText(amount), notNegativeText));
  if (!everyday.has(name) && isWholeNumber(name) && milliValue(amount) % 1000 !== 0)
    errors.push(invalidValue(field, quantityText(amount), 'must be an integer'));
}

function checkHugePages(errors: FieldError[], field: string, name: string, amount: Quantity): void {
  let size = 0;
  try {
    size = integerValue(parseQuantity(name.slice(hugePagesPrefix.length)));
  } catch {
    // A size that is no quantity divides nothing.
  }
  if (size <= 0 || integerValue(amount) % size !== 0)
    errors.push(
      invalidValue(field, quantityText(amount), `${quantityText(amount)} is not positive integer multiple of ${name}`),
    );
}

type CheckName = (errors: FieldError[], field: string, name: string) => void;

function checkEntry(errors: FieldError[], field: string, name: string, amount: Quantity, checkOf: CheckName): void {
  checkOf(errors, field, name);
  checkAmount(errors, field, name, amount);
}

function checkAgainstLimit(errors: FieldError[], field: string, name: string, request: Quantity, limits: any): void {
  const text = ownValue<string>(limits, name);
  if (text === undefined) {
    if (!mayOvercommit(name))
      errors.push(required(`${field}.limits`, 'Limit must be set for non overcommitable resources'));
    return;
  }
  const limit = parseQuantity(text);
  const order = compareQuantities(request, limit);
  if (order === 0) return;
  if (!mayOvercommit(name))
    errors.push(
      invalidValue(
        `${field}.requests`,
        quantityText(request),
        `must be equal to ${name} limit of ${quantityText(limit)}`,
      ),
    );
  else if (order > 0)
    errors.push(
      invalidValue(
        `${field}.requests`,
        quantityText(request),
        `must be less than or equal to ${name} limit of ${quantityText(limit)}`,
      ),
    );
}

function checkRequirements(errors: FieldError[], field: string, resources: any, checkOf: CheckName): void {
  const { limits, requests } = resources;
  let compute = false;
  let hugePages = false;
  for (const name in limits) {
    const at = `${field}.limits[${name}]`;
    const amount = parseQuantity(limits[name]);
    checkEntry(errors, at, name, amount, checkOf);
    compute ||= name === 'cpu' || name === 'memory';
    if (isHugePage(name)) {
      hugePages = true;
      checkHugePages(errors, at, name, amount);
    }
  }
  for (const name in requests) {
    const at = `${field}.requests[${name}]`;
    const amount = parseQuantity(requests[name]);
    checkEntry(errors, at, name, amount, checkOf);
    checkAgainstLimit(errors, field, name, amount, limits);
    compute ||= name === 'cpu' || name === 'memory';
    if (isHugePage(name)) {
      hugePages = true;
      checkHugePages(errors, at, name, amount);
    }
  }
  if (hugePages && !compute) errors.push(forbiddenField(field, 'HugePages require cpu or memory'));
}

/** Each entry names a claim of the pod, and none is named twice. */
function checkClaims(errors: FieldError[], field: string, claims: any[], known: ReadonlySet<string>): void {
  const seen = new Set<string>();
  for (const [i, claim] of claims.entries()) {
    const at = `${field}[${i}]`;
    const name = claim.name;
    if (!name) {
      errors.push(required(at));
      continue;
    }
    const key = claim.request ? `${name}/${claim.request}` : name;
    if (seen.has(name)) errors.push(duplicate(at, name));
    else {
      if (claim.request) pushTexts(errors, `${at}.request`, claim.request, isDNS1123Label(claim.request));
      if (seen.has(key)) errors.push(duplicate(at, key));
      else if (!claim.request && [...seen].some((k) => k.startsWith(`${name}/`))) errors.push(duplicate(at, name));
      seen.add(key);
    }
    if (!known.has(name)) {
      const which = known.size ? `: ${[...known].sort().join(', ')}` : ' which is empty';
      errors.push({
        ...notFoundField(at, name),
        detail: `must be one of the names in pod.spec.resourceClaims${which}`,
      });
    }
  }
}

export function checkContainerResources(
  errors: FieldError[],
  field: string,
  resources: any,
  claimNames: ReadonlySet<string>,
): void {
  if (!resources) return;
  checkRequirements(errors, field, resources, checkContainerName);
  if (resources.claims?.length) checkClaims(errors, `${field}.claims`, resources.claims, claimNames);
}

/** What a RuntimeClass costs on top: limits in form. */
export function checkOverhead(errors: FieldError[], field: string, overhead: any): void {
  if (overhead) checkRequirements(errors, field, { limits: overhead }, checkContainerName);
}

/** The containers must fit into what the pod asks for. */
function checkConsistency(errors: FieldError[], field: string, spec: any): void {
  const { requests, limits } = spec.resources;
  for (const [name, sum] of aggregate(spec, 'requests')) {
    const asked = ownValue<string>(requests, name);
    if (asked === undefined) continue;
    const own = parseQuantity(asked);
    const text = `must be greater than or equal to aggregate container requests of ${quantityText(sum)}`;
    if (compareQuantities(sum, own) > 0)
      errors.push(invalidValue(`${field}.requests[${name}]`, quantityText(own), text));
  }
  for (const [name, sum] of aggregate(spec, 'limits')) {
    if (!isHugePage(name) || limits?.[name] === undefined) continue;
    const own = parseQuantity(limits[name]);
    const text = `must be greater than or equal to aggregate container limits of ${quantityText(sum)}`;
    if (compareQuantities(sum, own) > 0) errors.push(invalidValue(`${field}.limits[${name}]`, quantityText(own), text));
  }
  (spec.containers ?? []).forEach((container: any, i: number) => {
    for (const name in container.resources?.limits) {
      const most = ownValue<string>(limits, name);
      if (most === undefined) continue;
      const limit = parseQuantity(container.resources.limits[name]);
      const pod = parseQuantity(most);
      if (compareQuantities(limit, pod) > 0)
        errors.push(
          invalidValue(
            `${field}.containers[${i}][${name}].limits`,
            quantityText(limit),
            `must be less than or equal to pod limits of ${quantityText(pod)}`,
          ),
        );
    }
  });
}

export function checkPodResources(errors: FieldError[], field: string, spec: any): void {
  if (!spec.resources) return;
  if (spec.os?.name === 'windows') return void errors.push(forbiddenField(field, 'may not be set for a windows pod'));
  if (spec.resources.claims)
    errors.push(forbiddenField(`${field}.claims`, 'claims may not be set for Resources at pod-level'));
  checkRequirements(errors, field, spec.resources, checkPodName);
  checkConsistency(errors, field, spec);
}
