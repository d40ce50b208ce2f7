// Rules of pods that name their operating system, and of the options of Windows containers.
// Mirrors: validateOS, validateLinux, validateWindows and validateWindowsSecurityContextOptions in pkg/apis/core/validation/validation.go.
// Called by: spec.ts and security.ts.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { byteLength, isDNS1123Subdomain } from '../../../apimachinery/names.ts';
import { forbidWhenSet, isSet, pushTexts } from '../check.ts';
import type { VisitContainer } from './security.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const controlCharacter = /[\x00-\x1f\x7f]/;
const netBiosDomain = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const dnsDomain = new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`);
const badUserCharacter = /["/\\:;|=,+*?<>@[\]]/;

/** The broken rules of `DOMAIN\user`. */
function userNameTexts(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (controlCharacter.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1)!;
  const domain = parts.length === 2 ? parts[0]! : undefined;
  const texts: string[] = [];
  if (domain !== undefined) {
    if (byteLength(domain) >= 256) texts.push("runAsUserName's Domain length must be under 256 characters");
    if (!netBiosDomain.test(domain) && !dnsDomain.test(domain))
      texts.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') texts.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > 104) texts.push("runAsUserName's User length must not be longer than 104 characters");
  if (/^[. ]+$/.test(user)) texts.push("runAsUserName's User cannot contain only periods or spaces");
  if (badUserCharacter.test(user))
    texts.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  return texts;
}

export function checkWindowsOptions(errors: FieldError[], field: string, options: any): void {
  if (!options) return;
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options;
  if (gmsaCredentialSpecName !== undefined)
    pushTexts(
      errors,
      `${field}.gmsaCredentialSpecName`,
      gmsaCredentialSpecName,
      isDNS1123Subdomain(gmsaCredentialSpecName),
    );
  if (gmsaCredentialSpec === '')
    errors.push(
      invalidValue(`${field}.gmsaCredentialSpec`, gmsaCredentialSpec, 'gmsaCredentialSpec cannot be an empty string'),
    );
  else if (gmsaCredentialSpec && byteLength(gmsaCredentialSpec) > 64 * 1024)
    errors.push(
      invalidValue(`${field}.gmsaCredentialSpec`, gmsaCredentialSpec, 'gmsaCredentialSpec size must be under 64 KiB'),
    );
  if (runAsUserName !== undefined)
    pushTexts(errors, `${field}.runAsUserName`, runAsUserName, userNameTexts(runAsUserName));
}

type Each = (visit: VisitContainer) => void;

/** Containers that run as processes of a Windows node: all of a pod or none, and on the node's network. */
export function checkHostProcess(errors: FieldError[], field: string, spec: any, each: Each): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  let all = 0;
  let host = 0;
  each((container, at) => {
    all++;
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (own ?? ofPod) host++;
    if (ofPod !== undefined && own !== undefined && own !== ofPod)
      errors.push(
        invalidValue(
          `${at}.securityContext.windowsOptions.hostProcess`,
          own,
          `pod hostProcess value must be identical if both are specified, was ${ofPod}`,
        ),
      );
  });
  if (host === 0) return;
  if (host !== all)
    errors.push(
      invalidValue(
        field,
        '',
        'If pod contains any hostProcess containers then all containers must be HostProcess containers',
      ),
    );
  if (!spec.hostNetwork)
    errors.push(
      invalidValue(
        `${field}.hostNetwork`,
        false,
        'hostNetwork must be true if pod contains any hostProcess containers',
      ),
    );
}

const forLinux = 'windows options cannot be set for a linux pod';
const forWindows = 'cannot be set for a windows pod';
const linuxOfSpec = ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'];
const linuxOfPod = (
  'appArmorProfile seLinuxOptions seccompProfile fsGroup fsGroupChangePolicy sysctls runAsUser runAsGroup ' +
  'supplementalGroups supplementalGroupsPolicy seLinuxChangePolicy'
).split(' ');
const linuxOfContainer = (
  'appArmorProfile seLinuxOptions seccompProfile capabilities readOnlyRootFilesystem privileged ' +
  'allowPrivilegeEscalation procMount runAsUser runAsGroup'
).split(' ');

function checkForLinux(errors: FieldError[], field: string, spec: any, each: Each): void {
  forbidWhenSet(errors, `${field}.securityContext.windowsOptions`, spec.securityContext?.windowsOptions, forLinux);
  each((container, at) => {
    forbidWhenSet(errors, `${at}.securityContext.windowsOptions`, container.securityContext?.windowsOptions, forLinux);
  });
}

function checkForWindows(errors: FieldError[], field: string, spec: any, each: Each): void {
  const sc = spec.securityContext ?? {};
  for (const name of linuxOfSpec)
    if (name.startsWith('hostP') || name === 'hostIPC' ? spec[name] : spec[name] !== undefined)
      errors.push(forbiddenField(`${field}.${name}`, forWindows));
  for (const name of linuxOfPod)
    if (name === 'sysctls' ? isSet(sc[name]) : sc[name] !== undefined)
      errors.push(forbiddenField(`${field}.securityContext.${name}`, forWindows));
  each((container, at) => {
    for (const name of linuxOfContainer)
      forbidWhenSet(errors, `${at}.securityContext.${name}`, container.securityContext?.[name], forWindows);
  });
}

export function checkOS(errors: FieldError[], field: string, spec: any, each: Each): void {
  if (!spec.os) return;
  const name = spec.os.name;
  if (!name) errors.push(required(`${field}.os.name`));
  else if (name === 'linux') checkForLinux(errors, field, spec, each);
  else if (name === 'windows') checkForWindows(errors, field, spec, each);
  else errors.push(notSupported(`${field}.os`, name, ['linux', 'windows']));
}
