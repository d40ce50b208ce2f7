// Rules of projected volumes, and of the files that secret, configMap and downwardAPI volumes write.
// Mirrors: validateProjectionSources, validateKeyToPath and validateDownwardAPIVolumeFile in pkg/apis/core/validation/validation.go.
// Called by: volumes.ts.
import { type FieldError, forbiddenField, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';
import { checkLocalPath, checkRequired } from '../check.ts';
import { checkFieldRef, checkResourceFieldRef, volumeFields } from './env.ts';

export function checkMode(errors: FieldError[], field: string, mode: number | undefined): void {
  if (mode !== undefined && (mode > 0o777 || mode < 0))
    errors.push(invalidValue(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive'));
}

export function checkKeyToPath(errors: FieldError[], field: string, item: any): void {
  checkRequired(errors, `${field}.key`, item.key);
  checkRequired(errors, `${field}.path`, item.path);
  checkLocalPath(errors, `${field}.path`, item.path);
  checkMode(errors, `${field}.mode`, item.mode);
}

/** `field` is the volume's: upstream does not say which file it is. */
export function checkDownwardAPIFile(errors: FieldError[], field: string, file: any): void {
  checkRequired(errors, `${field}.path`, file.path);
  checkLocalPath(errors, `${field}.path`, file.path);
  if (file.fieldRef) {
    checkFieldRef(errors, `${field}.fieldRef`, file.fieldRef, volumeFields);
    if (file.resourceFieldRef)
      errors.push(invalidValue(field, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  } else if (file.resourceFieldRef)
    checkResourceFieldRef(errors, `${field}.resourceFieldRef`, file.resourceFieldRef, true);
  else errors.push(required(field, 'one of fieldRef and resourceFieldRef is required'));
  checkMode(errors, `${field}.mode`, file.mode);
}

/** Paths already taken in this volume. */
type Paths = Set<string>;

/** `value`: what the message names when the path is taken. */
function claimPath(errors: FieldError[], field: string, path: string | undefined, taken: Paths, value = path): void {
  if (!path) return;
  if (taken.has(path)) errors.push(invalidValue(field, value, 'conflicting duplicate paths'));
  taken.add(path);
}

function checkKeyed(errors: FieldError[], volume: string, field: string, source: any, taken: Paths): void {
  checkRequired(errors, `${field}.name`, source.name);
  (source.items ?? []).forEach((item: any, i: number) => {
    checkKeyToPath(errors, `${field}.items[${i}]`, item);
    claimPath(errors, volume, item.path, taken, source.name);
  });
}

function checkToken(errors: FieldError[], volume: string, field: string, token: any): void {
  const seconds = token.expirationSeconds;
  if (seconds < 600)
    errors.push(invalidValue(`${field}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > 2 ** 32)
    errors.push(
      invalidValue(`${field}.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds'),
    );
  if (checkRequired(errors, `${volume}.path`, token.path)) checkLocalPath(errors, `${volume}.path`, token.path);
}

/** `volume` is the projected volume's path, `field` the source's. clusterTrustBundle and podCertificate are dropped before. */
const kinds: Record<string, (errors: FieldError[], volume: string, field: string, source: any, taken: Paths) => void> =
  {
    secret: checkKeyed,
    configMap: checkKeyed,
    downwardAPI: (errors, volume, field, source, taken) => {
      for (const file of source.items ?? []) {
        checkDownwardAPIFile(errors, field, file);
        claimPath(errors, volume, file.path, taken);
      }
    },
    serviceAccountToken: checkToken,
  };

export function checkProjected(errors: FieldError[], field: string, projected: any): void {
  checkMode(errors, `${field}.defaultMode`, projected.defaultMode);
  const taken: Paths = new Set();
  (projected.sources ?? []).forEach((source: any, i: number) => {
    const at = `${field}.sources[${i}]`;
    let count = 0;
    for (const name in kinds) {
      if (!source[name]) continue;
      count++;
      kinds[name]!(errors, field, `${at}.${name}`, source[name], taken);
    }
    if (count > 1) errors.push(forbiddenField(at, 'may not specify more than 1 volume type per source'));
  });
}
