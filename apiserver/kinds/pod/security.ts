// Rules of security contexts, a container's and the pod's.
// Mirrors: ValidateSecurityContext and validatePodSpecSecurityContext in pkg/apis/core/validation/validation.go.
// Called by: containers.ts and spec.ts. Next: windows.ts.
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../apimachinery/fieldErrors.ts';
import { byteLength } from '../../../apimachinery/names.ts';
import { checkDescendingPath, checkOneOf, checkRange, maxInt32 } from '../check.ts';
import { checkWindowsOptions } from './windows.ts';

const profileTypes: readonly string[] = ['Localhost', 'RuntimeDefault', 'Unconfined'];

function checkSeccomp(errors: FieldError[], field: string, profile: any): void {
  if (!profile) return;
  if (!profile.type) errors.push(required(`${field}.type`, 'type is required when seccompProfile is set'));
  else checkOneOf(errors, `${field}.type`, profile.type, profileTypes);
  const at = `${field}.localhostProfile`;
  if (profile.type === 'Localhost') {
    if (profile.localhostProfile === undefined) errors.push(required(at, 'must be set when seccomp type is Localhost'));
    else checkDescendingPath(errors, at, profile.localhostProfile);
  } else if (profile.localhostProfile !== undefined)
    errors.push(invalidValue(at, profile, 'can only be set when seccomp type is Localhost'));
}

function checkAppArmor(errors: FieldError[], field: string, profile: any): void {
  if (!profile) return;
  const at = `${field}.localhostProfile`;
  const name = profile.localhostProfile;
  if (!profile.type) errors.push(required(`${field}.type`, 'type is required when appArmorProfile is set'));
  else if (!profileTypes.includes(profile.type)) errors.push(notSupported(`${field}.type`, profile.type, profileTypes));
  else if (profile.type !== 'Localhost') {
    if (name !== undefined) errors.push(invalidValue(at, name, 'can only be set when AppArmor type is Localhost'));
  } else if (!name) errors.push(required(at, 'must be set when AppArmor type is Localhost'));
  else {
    if (name.trim() !== name) errors.push(invalidValue(at, name, 'must not be padded with whitespace'));
    if (byteLength(name) > 4095) errors.push(tooLong(at, 4095));
  }
}

/** `hostUsers`: the pod shares the node's users, in which an unmasked /proc is refused. */
export function checkSecurityContext(errors: FieldError[], field: string, sc: any, hostUsers: boolean): void {
  if (!sc) return;
  checkRange(errors, `${field}.runAsUser`, sc.runAsUser, 0, maxInt32);
  checkRange(errors, `${field}.runAsGroup`, sc.runAsGroup, 0, maxInt32);
  if (sc.procMount !== undefined) {
    if (sc.procMount !== 'Default' && sc.procMount !== 'Unmasked')
      errors.push(notSupported(`${field}.procMount`, sc.procMount, ['Default', 'Unmasked']));
    if (hostUsers && sc.procMount === 'Unmasked')
      errors.push(invalidValue(`${field}.procMount`, sc.procMount, '`hostUsers` must be false to use `Unmasked`'));
  }
  checkSeccomp(errors, `${field}.seccompProfile`, sc.seccompProfile);
  if (sc.allowPrivilegeEscalation === false) {
    if (sc.privileged)
      errors.push(invalidValue(field, sc, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'));
    if (sc.capabilities?.add?.includes('CAP_SYS_ADMIN'))
      errors.push(
        invalidValue(field, sc, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'),
      );
  }
  checkWindowsOptions(errors, `${field}.windowsOptions`, sc.windowsOptions);
  checkAppArmor(errors, `${field}.appArmorProfile`, sc.appArmorProfile);
}

const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const sysctlPattern = `^(${segment}[\\./])*${segment}$`;
const sysctlName = new RegExp(sysctlPattern);

/** The namespace that a sysctl belongs to, if a container may have its own. */
function sysctlNamespace(name: string): 'ipc' | 'net' | undefined {
  const dotted = name.replaceAll('/', '.');
  if (dotted.startsWith('net.')) return 'net';
  return /^(kernel\.(sem|shm|msg)|fs\.mqueue\.)/.test(dotted) ? 'ipc' : undefined;
}

function checkSysctls(errors: FieldError[], field: string, list: any[], spec: any): void {
  const seen = new Set<string>();
  list.forEach((sysctl, i) => {
    const at = `${field}[${i}].name`;
    const name = sysctl.name ?? '';
    if (!name) errors.push(required(at));
    else if (byteLength(name) > 253 || !sysctlName.test(name))
      errors.push(invalidValue(at, name, `must have at most 253 characters and match regex ${sysctlPattern}`));
    else if (seen.has(name)) errors.push(duplicate(at, name));
    const namespace = sysctlNamespace(name);
    if (spec.hostNetwork && namespace === 'net')
      errors.push(invalidValue(at, name, "may not be specified when 'hostNetwork' is true"));
    else if (spec.hostIPC && namespace === 'ipc')
      errors.push(invalidValue(at, name, "may not be specified when 'hostIPC' is true"));
    seen.add(name);
  });
}

export function checkPodSecurityContext(errors: FieldError[], field: string, sc: any, spec: any): void {
  if (!sc) return;
  checkRange(errors, `${field}.fsGroup`, sc.fsGroup, 0, maxInt32);
  checkRange(errors, `${field}.runAsUser`, sc.runAsUser, 0, maxInt32);
  checkRange(errors, `${field}.runAsGroup`, sc.runAsGroup, 0, maxInt32);
  (sc.supplementalGroups ?? []).forEach((gid: number, i: number) => {
    checkRange(errors, `${field}.supplementalGroups[${i}]`, gid, 0, maxInt32);
  });
  if (spec.shareProcessNamespace && spec.hostPID)
    errors.push(
      invalidValue(`${field}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
    );
  if (sc.sysctls) checkSysctls(errors, `${field}.sysctls`, sc.sysctls, spec);
  if (sc.fsGroupChangePolicy !== undefined)
    checkKnown(errors, `${field}.fsGroupChangePolicy`, sc.fsGroupChangePolicy, ['Always', 'OnRootMismatch']);
  checkSeccomp(errors, `${field}.seccompProfile`, sc.seccompProfile);
  checkWindowsOptions(errors, `${field}.windowsOptions`, sc.windowsOptions);
  checkAppArmor(errors, `${field}.appArmorProfile`, sc.appArmorProfile);
  if (sc.supplementalGroupsPolicy !== undefined)
    checkKnown(errors, `${field}.supplementalGroupsPolicy`, sc.supplementalGroupsPolicy, ['Merge', 'Strict']);
  // MountOption waits for the gate SELinuxMount.
  if (sc.seLinuxChangePolicy !== undefined)
    checkKnown(errors, `${field}.seLinuxChangePolicy`, sc.seLinuxChangePolicy, ['Recursive']);
}

/** Here even the empty string is a wrong value. */
function checkKnown(errors: FieldError[], field: string, value: string, valid: readonly string[]): void {
  if (!valid.includes(value)) errors.push(notSupported(field, value, valid));
}

/** Users of its own do not go with the node's other namespaces. */
export function checkHostUsers(
  errors: FieldError[],
  field: string,
  spec: any,
  each: (visit: VisitContainer) => void,
): void {
  if (spec.hostUsers !== false) return;
  const text = 'when `hostUsers` is false';
  if (spec.hostNetwork) errors.push(forbiddenField(`${field}.hostNetwork`, text));
  if (spec.hostPID) errors.push(forbiddenField(`${field}.HostPID`, text));
  if (spec.hostIPC) errors.push(forbiddenField(`${field}.HostIPC`, text));
  each((container, at) => {
    if (container.volumeDevices?.length) errors.push(forbiddenField(`${at}.volumeDevices`, text));
  });
}

/** Sees each container of a pod and its path; init, regular and ephemeral ones. */
export type VisitContainer = (container: any, path: string) => void;
