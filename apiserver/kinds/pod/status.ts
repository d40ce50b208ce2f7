// What a status may say: containers that must not come back to life, addresses one a family, conditions with proper names.
// Mirrors: ValidatePodStatusUpdate in pkg/apis/core/validation/validation.go.
// Called by: the status subresource in ../pod.ts.
import {
  duplicate,
  type FieldError,
  forbiddenField,
  immutable,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { parseIP } from '../../../apimachinery/ipFormat.ts';
import { isDNS1123Label, isQualifiedName, nameIsDNSSubdomain } from '../../../apimachinery/names.ts';
import { checkIP, checkRange, maxInt32, pushTexts } from '../check.ts';
import { checkPodAnnotations } from './annotations.ts';
import { mayRestart } from './restartRules.ts';
import { checkAnnotationUpdates } from './update.ts';

const ownConditions = new Set(['PodScheduled', 'Ready', 'Initialized']);

function checkConditions(errors: FieldError[], conditions: any[]): void {
  for (let i = 0; i < conditions.length; i++) {
    const { type = '', observedGeneration } = conditions[i];
    if (observedGeneration < 0)
      errors.push(
        invalidValue(
          `status.conditions[${i}].observedGeneration`,
          observedGeneration,
          'must be a non-negative integer',
        ),
      );
    if (!ownConditions.has(type)) pushTexts(errors, `status.conditions[${i}].Type`, type, isQualifiedName(type));
  }
}

/** A container that ended for good stays ended. `containers` absent: ephemeral ones, which never restart. */
function checkTransitions(errors: FieldError[], list: string, pod: any, old: any, containers?: any[]): void {
  const before: any[] = old.status?.[list] ?? [];
  before.forEach((was, i) => {
    const ended = was.state?.terminated;
    if (!ended) return;
    const now = (pod.status?.[list] ?? []).find((s: any) => s.name === was.name);
    if (!now || now.state?.terminated) return;
    const container = containers?.find((c) => c.name === was.name);
    if (container && mayRestart(container, old.spec.restartPolicy, ended.exitCode ?? 0)) return;
    errors.push(forbiddenField(`status.${list}[${i}].state`, 'may not be transitioned to non-terminated state'));
  });
}

function checkAddresses(errors: FieldError[], list: string, status: any, old: any): void {
  const ips: any[] = status[list] ?? [];
  const field = `status.${list}`;
  const known = new Set((old?.[list] ?? []).map((a: any) => a.ip));
  ips.forEach((address, i) => {
    if (!known.has(address.ip)) checkIP(errors, `${field}[${i}]`, address.ip);
  });
  if (ips.length < 2) return;
  const families = new Set(ips.map((a) => parseIP(a.ip ?? '')?.family));
  if (families.size !== 2 || ips.length > 2)
    errors.push(invalidValue(field, ips, 'may specify no more than one IP for each IP family'));
}

function checkClaimStatuses(errors: FieldError[], statuses: any[], claims: any[]): void {
  const seen = new Set<string>();
  statuses.forEach((status, i) => {
    const at = `status.resourceClaimStatuses[${i}]`;
    if (!claims.some((c) => c.name === status.name))
      errors.push(
        invalidValue(`${at}.name`, status.name ?? '', 'must match the name of an entry in `spec.resourceClaims`'),
      );
    if (seen.has(status.name)) errors.push(duplicate(`${at}.name`, status.name));
    seen.add(status.name);
    const name = status.resourceClaimName;
    if (name !== undefined) pushTexts(errors, `${at}.resourceClaimName`, name, nameIsDNSSubdomain(name, false));
  });
}

function checkExtendedClaim(errors: FieldError[], status: any, spec: any): void {
  if (!status) return;
  const field = 'status.extendedResourceClaimStatus';
  const mappings: any[] = status.requestMappings ?? [];
  if (!mappings.length) errors.push(required(`${field}.requestMappings`, 'at least one request mapping is required'));
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  mappings.forEach((mapping, i) => {
    const at = `${field}.requestMappings[${i}]`;
    const { containerName = '', resourceName = '', requestName = '' } = mapping;
    const container = containers.find((c) => c.name === containerName);
    const lists = 'spec.initContainers.name or spec.containers.name';
    if (!container)
      errors.push(invalidValue(`${at}.containerName`, containerName, `must match the name of an entry in ${lists}`));
    else if (container.resources?.requests?.[resourceName] === undefined)
      errors.push(
        invalidValue(
          `${at}.resourceName`,
          resourceName,
          'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests',
        ),
      );
    pushTexts(errors, `${field}.requestName`, requestName, isDNS1123Label(requestName));
  });
  const name = status.resourceClaimName;
  if (!name) errors.push(required(`${field}.resourceClaimName`));
  else pushTexts(errors, `${field}.resourceClaimName`, name, nameIsDNSSubdomain(name, false));
}

/** Who a container runs as, in numbers. */
function checkUsers(errors: FieldError[], list: string, pod: any): void {
  for (const [i, status] of (pod.status[list] ?? []).entries()) {
    const user = status.user?.linux;
    if (!user) continue;
    const at = `status.${list}[${i}].user.linux`;
    if (pod.spec.os?.name === 'windows') {
      errors.push(forbiddenField(at, 'cannot be set for a windows pod'));
      continue;
    }
    checkRange(errors, `${at}.uid`, user.uid, 0, maxInt32);
    checkRange(errors, `${at}.gid`, user.gid, 0, maxInt32);
    (user.supplementalGroups ?? []).forEach((gid: number, g: number) => {
      checkRange(errors, `${at}.supplementalGroups[${g}]`, gid, 0, maxInt32);
    });
  }
}

const healths: readonly string[] = ['Healthy', 'Unhealthy', 'Unknown'];
const claimText =
  "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";

function checkDevices(errors: FieldError[], list: string, status: any, containers: any[]): void {
  (status[list] ?? []).forEach((s: any, i: number) => {
    const resources = containers.find((c) => c.name === s.name)?.resources;
    (s.allocatedResourcesStatus ?? []).forEach((allocated: any, j: number) => {
      const at = `status.${list}[${i}].allocatedResourcesStatus[${j}]`;
      const name: string = allocated.name ?? '';
      const isClaim = name.startsWith('claim:');
      const claims = (resources?.claims ?? []).map((c: any) => `claim:${c.name}${c.request ? `/${c.request}` : ''}`);
      const known = isClaim ? claims.includes(name) : resources?.requests?.[name] !== undefined;
      if (containers.some((c) => c.name === s.name) && !known)
        errors.push(
          invalidValue(`${at}.name`, name, isClaim ? claimText : "must match one of the container's resource requests"),
        );
      const ids = new Set<string>();
      (allocated.resources ?? []).forEach((r: any, k: number) => {
        if (!healths.includes(r.health))
          errors.push(notSupported(`${at}.resources[${k}].health`, r.health ?? '', [...healths].sort()));
        if (ids.has(r.resourceID)) errors.push(duplicate(`${at}.resources[${k}].resourceID`, r.resourceID));
        ids.add(r.resourceID);
      });
    });
  });
}

function checkNomination(errors: FieldError[], pod: any, old: any): void {
  const name = pod.status.nominatedNodeName;
  if (!name || name === old.status?.nominatedNodeName) return;
  pushTexts(errors, 'status.nominatedNodeName', name, nameIsDNSSubdomain(name, false));
  if (old.spec.nodeName)
    errors.push(forbiddenField('status.nominatedNodeName', 'may not be set on pods that are already bound to a node'));
}

export function validateStatusUpdate(pod: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  const { status, spec } = pod;
  checkAnnotationUpdates(errors, pod, old);
  checkPodAnnotations(errors, 'metadata.annotations', pod.metadata.annotations, spec);
  checkConditions(errors, status.conditions ?? []);
  checkNomination(errors, pod, old);
  if (status.observedGeneration < 0)
    errors.push(invalidValue('status.observedGeneration', status.observedGeneration, 'must be a non-negative integer'));
  if ((status.qosClass ?? '') !== (old.status?.qosClass ?? ''))
    errors.push(immutable('status.qosClass', status.qosClass ?? ''));
  checkTransitions(errors, 'containerStatuses', pod, old, old.spec.containers ?? []);
  checkTransitions(errors, 'initContainerStatuses', pod, old, old.spec.initContainers ?? []);
  checkTransitions(errors, 'ephemeralContainerStatuses', pod, old);
  checkClaimStatuses(errors, status.resourceClaimStatuses ?? [], spec.resourceClaims ?? []);
  checkExtendedClaim(errors, status.extendedResourceClaimStatus, spec);
  checkAddresses(errors, 'podIPs', status, old.status);
  if (status.hostIPs?.length && status.hostIP !== status.hostIPs[0].ip)
    errors.push(invalidValue('status.hostIPs[0].ip', status.hostIPs[0].ip, 'must be equal to `hostIP`'));
  checkAddresses(errors, 'hostIPs', status, old.status);
  for (const list of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'])
    checkUsers(errors, list, pod);
  checkDevices(errors, 'containerStatuses', status, spec.containers ?? []);
  checkDevices(errors, 'initContainerStatuses', status, spec.initContainers ?? []);
  (status.ephemeralContainerStatuses ?? []).forEach((s: any, i: number) => {
    if (s.allocatedResourcesStatus?.length)
      errors.push(
        forbiddenField(
          `status.ephemeralContainerStatuses[${i}].allocatedResourcesStatus`,
          'must not be specified in container status',
        ),
      );
  });
  return errors;
}
