// Rules of environment variables, and of the references to pod fields and resources that volumes share with them.
// Mirrors: ValidateEnv, ValidateEnvFrom, validateObjectFieldSelector in pkg/apis/core/validation/validation.go.
// Called by: containers.ts; projected.ts uses the field selectors.
import { type FieldError, invalidValue, notSupported, required } from '../../../apimachinery/fieldErrors.ts';
import {
  isConfigMapKey,
  isDNS1123Label,
  isQualifiedName,
  isRelaxedEnvVarName,
  nameIsDNSSubdomain,
} from '../../../apimachinery/names.ts';
import { isZero, parseQuantity, quantityText } from '../../../apimachinery/quantity.ts';
import { checkNoBacksteps, checkRequired, pushTexts } from '../check.ts';

/** In the order that messages list them. */
const envFields: readonly string[] = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
export const volumeFields: readonly string[] = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
/** Paths that the downward API can convert at all. */
const convertible = new Set([
  ...envFields,
  ...volumeFields,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);
const resourceFields: readonly string[] = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const isHugePagesField = (name: string) =>
  name.startsWith('requests.hugepages-') || name.startsWith('limits.hugepages-');

const subscripted = /^(.+?)\['(.*)'\]$/s;

/** Why a path cannot be converted at all; undefined when it can. */
function unconvertible(version: string, path: string, subscript: RegExpExecArray | null): string | undefined {
  if (version !== 'v1') return `unsupported pod version: ${version}`;
  if (!subscript) return convertible.has(path) ? undefined : `field label not supported: ${path}`;
  const map = subscript[1];
  const known = map === 'metadata.annotations' || map === 'metadata.labels';
  return known ? undefined : `field label does not support subscript: ${path}`;
}

/** `fieldRef`: a path of the pod, in variables and in volumes. */
export function checkFieldRef(errors: FieldError[], field: string, ref: any, valid: readonly string[]): void {
  if (!checkRequired(errors, `${field}.apiVersion`, ref.apiVersion)) return;
  if (!checkRequired(errors, `${field}.fieldPath`, ref.fieldPath)) return;
  // The old name of spec.nodeName is still taken.
  const path = ref.fieldPath === 'spec.host' ? 'spec.nodeName' : ref.fieldPath;
  const subscript = subscripted.exec(path);
  const why = unconvertible(ref.apiVersion, path, subscript);
  if (why) errors.push(invalidValue(`${field}.fieldPath`, ref.fieldPath, `error converting fieldPath: ${why}`));
  else if (subscript) {
    const key = subscript[1] === 'metadata.annotations' ? subscript[2]!.toLowerCase() : subscript[2]!;
    pushTexts(errors, field, key, isQualifiedName(key));
  } else if (!valid.includes(path)) errors.push(notSupported(`${field}.fieldPath`, path, valid));
}

const divisors = new Set('1 1k 1M 1G 1T 1P 1E 1Ki 1Mi 1Gi 1Ti 1Pi 1Ei'.split(' '));
const divisorList = [...divisors].join(', ');
const divisorNames: Record<string, string> = { memory: 'memory', 'ephemeral-storage': 'local ephemeral storage' };

function checkDivisor(errors: FieldError[], field: string, resource: string, divisor: string | number): void {
  const amount = parseQuantity(divisor);
  if (isZero(amount)) return;
  const text = quantityText(amount);
  const kind = resource.slice(resource.indexOf('.') + 1);
  if (kind === 'cpu') {
    if (text !== '1m' && text !== '1')
      errors.push(
        invalidValue(
          `${field}.divisor`,
          resource,
          "only divisor's values 1m and 1 are supported with the cpu resource",
        ),
      );
    return;
  }
  const name = isHugePagesField(resource) ? 'hugepages' : divisorNames[kind];
  if (name && !divisors.has(text))
    errors.push(
      invalidValue(
        `${field}.divisor`,
        resource,
        `only divisor's values ${divisorList} are supported with the ${name} resource`,
      ),
    );
}

/** `resourceFieldRef`; a volume must say which container it means. */
export function checkResourceFieldRef(errors: FieldError[], field: string, ref: any, inVolume: boolean): void {
  const resource = ref.resource ?? '';
  if (inVolume && !ref.containerName) errors.push(required(`${field}.containerName`));
  else if (!resource) errors.push(required(`${field}.resource`));
  else if (!resourceFields.includes(resource) && !isHugePagesField(resource))
    errors.push(notSupported(`${field}.resource`, resource, resourceFields));
  if (ref.divisor !== undefined && ref.divisor !== null) checkDivisor(errors, field, resource, ref.divisor);
}

function checkKeyRef(errors: FieldError[], field: string, ref: any): void {
  pushTexts(errors, `${field}.name`, ref.name ?? '', nameIsDNSSubdomain(ref.name ?? '', false));
  if (checkRequired(errors, `${field}.key`, ref.key))
    pushTexts(errors, `${field}.key`, ref.key, isConfigMapKey(ref.key));
}

function checkFileKeyRef(errors: FieldError[], field: string, ref: any): void {
  if (checkRequired(errors, `${field}.key`, ref.key))
    pushTexts(errors, `${field}.key`, ref.key, isRelaxedEnvVarName(ref.key));
  if (checkRequired(errors, `${field}.volumeName`, ref.volumeName))
    pushTexts(errors, `${field}.volumeName`, ref.volumeName, isDNS1123Label(ref.volumeName));
  if (checkRequired(errors, `${field}.path`, ref.path)) checkNoBacksteps(errors, `${field}.path`, ref.path);
}

const sources: Record<string, (errors: FieldError[], field: string, ref: any) => void> = {
  fieldRef: (errors, field, ref) => checkFieldRef(errors, field, ref, envFields),
  resourceFieldRef: (errors, field, ref) => checkResourceFieldRef(errors, field, ref, false),
  configMapKeyRef: checkKeyRef,
  secretKeyRef: checkKeyRef,
  fileKeyRef: checkFileKeyRef,
};
const oneOfText =
  'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';

function checkValueFrom(errors: FieldError[], field: string, variable: any): void {
  let count = 0;
  for (const name in sources) {
    const ref = variable.valueFrom[name];
    if (!ref) continue;
    count++;
    sources[name]!(errors, `${field}.${name}`, ref);
  }
  if (count === 0) errors.push(invalidValue(field, '', oneOfText));
  else if (variable.value) errors.push(invalidValue(field, '', 'may not be specified when `value` is not empty'));
  else if (count > 1) errors.push(invalidValue(field, '', 'may not have more than one field specified at a time'));
}

export function checkEnv(errors: FieldError[], field: string, variables: any[]): void {
  for (let i = 0; i < variables.length; i++) {
    const variable = variables[i];
    if (!variable.name) errors.push(required(`${field}[${i}].name`));
    else pushTexts(errors, `${field}[${i}].name`, variable.name, isRelaxedEnvVarName(variable.name));
    if (variable.valueFrom) checkValueFrom(errors, `${field}[${i}].valueFrom`, variable);
  }
}

export function checkEnvFrom(errors: FieldError[], field: string, list: any[]): void {
  for (let i = 0; i < list.length; i++) {
    const from = list[i];
    const at = `${field}[${i}]`;
    if (from.prefix) pushTexts(errors, `${at}.prefix`, from.prefix, isRelaxedEnvVarName(from.prefix));
    let count = 0;
    for (const name of ['configMapRef', 'secretRef']) {
      const ref = from[name];
      if (!ref) continue;
      count++;
      if (checkRequired(errors, `${at}.${name}.name`, ref.name))
        pushTexts(errors, `${at}.${name}.name`, ref.name, nameIsDNSSubdomain(ref.name, true));
    }
    if (count === 0) errors.push(invalidValue(field, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (count > 1) errors.push(invalidValue(field, '', 'may not have more than one field specified at a time'));
  }
}
