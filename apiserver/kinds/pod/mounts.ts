// Rules of volumeMounts and volumeDevices: each names a volume of the pod, and no two share a path.
// Mirrors: ValidateVolumeMounts and ValidateVolumeDevices in pkg/apis/core/validation/validation.go.
// Called by: containers.ts with the volumes that volumes.ts found valid.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notFoundField,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { checkDescendingPath, checkOneOf } from '../check.ts';

/** The valid volumes of a pod by name. */
export type Volumes = ReadonlyMap<string, any>;

function checkPropagation(errors: FieldError[], field: string, mount: any, container: any): void {
  const mode = mount.mountPropagation;
  checkOneOf(errors, field, mode, ['Bidirectional', 'HostToContainer', 'None']);
  if (mode === 'Bidirectional' && !container.securityContext?.privileged)
    errors.push(forbiddenField(field, 'Bidirectional mount propagation is available only to privileged containers'));
}

function checkRecursiveReadOnly(errors: FieldError[], field: string, mount: any): void {
  const mode = mount.recursiveReadOnly;
  if (mode === 'Disabled') return;
  if (mode !== 'Enabled' && mode !== 'IfPossible')
    return void errors.push(notSupported(field, mode, ['Disabled', 'Enabled', 'IfPossible']));
  if (!mount.readOnly) errors.push(forbiddenField(field, 'may only be specified when readOnly is true'));
  if (mount.mountPropagation && mount.mountPropagation !== 'None')
    errors.push(forbiddenField(field, 'may only be specified when mountPropagation is None or not specified'));
}

export function checkVolumeMounts(errors: FieldError[], field: string, container: any, volumes: Volumes): void {
  const mounts: any[] = container.volumeMounts;
  const devices: any[] = container.volumeDevices ?? [];
  for (let i = 0; i < mounts.length; i++) {
    const mount = mounts[i];
    const at = `${field}[${i}]`;
    if (!mount.name) errors.push(required(`${at}.name`));
    if (!volumes.has(mount.name)) errors.push(notFoundField(`${at}.name`, mount.name ?? ''));
    if (!mount.mountPath) errors.push(required(`${at}.mountPath`));
    if (mounts.findIndex((other) => other.mountPath === mount.mountPath) < i)
      errors.push(invalidValue(`${at}.mountPath`, mount.mountPath, 'must be unique'));
    if (devices.some((d) => d.name === mount.name))
      errors.push(invalidValue(`${at}.name`, mount.name, 'must not already exist in volumeDevices'));
    if (devices.some((d) => d.devicePath === mount.mountPath))
      errors.push(
        invalidValue(`${at}.mountPath`, mount.mountPath, 'must not already exist as a path in volumeDevices'),
      );
    if (mount.subPath) checkDescendingPath(errors, `${field}.subPath`, mount.subPath);
    if (mount.subPathExpr) {
      if (mount.subPath)
        errors.push(
          invalidValue(`${at}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
        );
      checkDescendingPath(errors, `${field}.subPathExpr`, mount.subPathExpr);
    }
    if (mount.mountPropagation) checkPropagation(errors, `${field}.mountPropagation`, mount, container);
    if (mount.recursiveReadOnly) checkRecursiveReadOnly(errors, `${field}.recursiveReadOnly`, mount);
  }
}

export function checkVolumeDevices(errors: FieldError[], field: string, container: any, volumes: Volumes): void {
  const mounts: any[] = container.volumeMounts ?? [];
  const names = new Set<string>();
  const paths = new Set<string>();
  (container.volumeDevices as any[]).forEach((device, i) => {
    const at = `${field}[${i}]`;
    const { name = '', devicePath: path = '' } = device;
    const volume = volumes.get(name);
    if (!name) errors.push(required(`${at}.name`));
    if (names.has(name)) errors.push(invalidValue(`${at}.name`, name, 'must be unique'));
    if (!volume) errors.push(notFoundField(`${at}.name`, name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral)
      errors.push(
        invalidValue(
          `${at}.name`,
          name,
          'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
        ),
      );
    if (!path) errors.push(required(`${at}.devicePath`));
    if (paths.has(path)) errors.push(invalidValue(`${at}.devicePath`, path, 'must be unique'));
    if (path.split('/').includes('..'))
      errors.push(invalidValue(`${at}.devicePath`, path, "can not contain backsteps ('..')"));
    else paths.add(path);
    if (mounts.some((m) => m.name === name))
      errors.push(invalidValue(`${at}.name`, name, 'must not already exist in volumeMounts'));
    if (mounts.some((m) => m.mountPath === path))
      errors.push(invalidValue(`${at}.devicePath`, path, 'must not already exist as a path in volumeMounts'));
    if (name) names.add(name);
  });
}
