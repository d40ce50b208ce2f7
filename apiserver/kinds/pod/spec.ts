// All rules of a PodSpec, in upstream's order; the spec of a pod and that of a template differ by `isPod` alone.
// Mirrors: ValidatePodSpec and validatePodMetadataAndSpec in pkg/apis/core/validation/validation.go.
// Called by: ../pod.ts and ../podTemplate.ts. Next: the files of this folder, one subject each.
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { validateLabels } from '../../../apimachinery/labelSelector.ts';
import { isDNS1123Label, isQualifiedName, nameIsDNSSubdomain } from '../../../apimachinery/names.ts';
import { checkRange, checkRequiredOneOf, isSet, maxInt32, pushTexts } from '../check.ts';
import { mirrorAnnotation } from './annotations.ts';
import {
  checkContainers,
  checkEphemeralContainers,
  checkFileKeyVolumes,
  checkImagePadding,
  checkInitContainers,
  checkPreemptionPolicy,
} from './containers.ts';
import { checkDNSConfig, checkHostAliases, checkHostNames } from './dns.ts';
import type { Volumes } from './mounts.ts';
import { checkPodAffinity, checkTopologySpread } from './podAffinity.ts';
import { checkHostNetworkPorts } from './ports.ts';
import { checkOverhead, checkPodResources } from './resources.ts';
import { checkNodeAffinity, checkSchedulingGates, checkTolerations } from './scheduling.ts';
import { checkHostUsers, checkPodSecurityContext, type VisitContainer } from './security.ts';
import { checkVolumes } from './volumes.ts';
import { checkHostProcess, checkOS } from './windows.ts';

/** Calls `visit` for each container: init, regular, ephemeral. */
export const eachContainer =
  (spec: any, field: string) =>
  (visit: VisitContainer): void => {
    for (const list of ['initContainers', 'containers', 'ephemeralContainers'])
      for (const [i, container] of (spec[list] ?? []).entries()) visit(container, `${field}.${list}[${i}]`);
  };

const noVolumes: Volumes = new Map();
const noNames: ReadonlySet<string> = new Set();
const restartPolicies: readonly string[] = ['Always', 'OnFailure', 'Never'];
const dnsPolicies: readonly string[] = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

function checkResourceClaims(errors: FieldError[], field: string, claims: any[], mirror: boolean): void {
  if (mirror && claims.length)
    return void errors.push(forbiddenField('', 'static pods do not support resource claims'));
  const seen = new Set<string>();
  claims.forEach((claim, i) => {
    const at = `${field}[${i}]`;
    const { name, resourceClaimName: direct, resourceClaimTemplateName: template } = claim;
    if (!name) errors.push(required(`${at}.name`));
    else if (seen.has(name)) errors.push(duplicate(`${at}.name`, name));
    else pushTexts(errors, `${at}.name`, name, isDNS1123Label(name));
    seen.add(name);
    if (direct !== undefined && template !== undefined)
      errors.push(
        invalidValue(at, claim, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'),
      );
    if (direct === undefined && template === undefined)
      errors.push(invalidValue(at, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    for (const key of ['resourceClaimName', 'resourceClaimTemplateName'])
      if (claim[key] !== undefined)
        pushTexts(errors, `${at}.${key}`, claim[key], nameIsDNSSubdomain(claim[key], false));
  });
}

function checkPullSecrets(errors: FieldError[], field: string, secrets: any[]): void {
  secrets.forEach((secret, i) => {
    for (const key in secret)
      if (key !== 'name' && isSet(secret[key]))
        errors.push(invalidValue(`${field}[${i}]`, secret, 'only name may be set'));
  });
}

function checkAffinity(errors: FieldError[], field: string, affinity: any): void {
  if (affinity.nodeAffinity) checkNodeAffinity(errors, `${field}.nodeAffinity`, affinity.nodeAffinity);
  if (affinity.podAffinity) checkPodAffinity(errors, `${field}.podAffinity`, affinity.podAffinity);
  if (affinity.podAntiAffinity) checkPodAffinity(errors, `${field}.podAntiAffinity`, affinity.podAntiAffinity);
}

function checkName(errors: FieldError[], field: string, name: string | undefined): void {
  if (name) pushTexts(errors, field, name, nameIsDNSSubdomain(name, false));
}

/** `metadata`: of a pod, absent for templates. */
export function checkPodSpec(errors: FieldError[], field: string, spec: any, metadata?: any): void {
  const isPod = metadata !== undefined;
  const grace = spec.terminationGracePeriodSeconds;
  if (grace === undefined) errors.push(required(`${field}.terminationGracePeriodSeconds`));
  const volumes = spec.volumes?.length
    ? checkVolumes(errors, `${field}.volumes`, spec.volumes, metadata?.name ?? '', isPod)
    : noVolumes;
  const claims: any[] = spec.resourceClaims ?? [];
  const claimNames = claims.length ? new Set<string>(claims.map((c) => c.name).filter(Boolean)) : noNames;
  const mirror = metadata?.annotations?.[mirrorAnnotation] !== undefined;
  if (claims.length) checkResourceClaims(errors, `${field}.resourceClaims`, claims, mirror);
  const pod = { spec, isPod, volumes, claimNames, hostUsers: spec.hostUsers !== false, grace };
  checkContainers(errors, `${field}.containers`, pod);
  checkInitContainers(errors, `${field}.initContainers`, pod);
  checkEphemeralContainers(errors, `${field}.ephemeralContainers`, pod);
  checkPodResources(errors, `${field}.resources`, spec);
  if (spec.hostNetwork) checkHostNetworkPorts(errors, `${field}.containers`, spec.containers ?? [], isPod);
  checkRequiredOneOf(errors, `${field}.restartPolicy`, spec.restartPolicy, restartPolicies);
  checkRequiredOneOf(errors, `${field}.dnsPolicy`, spec.dnsPolicy, dnsPolicies);
  checkPlacement(errors, field, spec);
  checkHost(errors, field, spec);
  checkTheRest(errors, field, spec);
}

function checkPlacement(errors: FieldError[], field: string, spec: any): void {
  if (spec.nodeSelector) errors.push(...validateLabels(spec.nodeSelector, `${field}.nodeSelector`));
  checkPodSecurityContext(errors, `${field}.securityContext`, spec.securityContext, spec);
  if (spec.imagePullSecrets) checkPullSecrets(errors, `${field}.imagePullSecrets`, spec.imagePullSecrets);
  if (spec.affinity) checkAffinity(errors, `${field}.affinity`, spec.affinity);
  checkDNSConfig(errors, `${field}.dnsConfig`, spec.dnsConfig, spec.dnsPolicy);
  (spec.readinessGates ?? []).forEach((gate: any, i: number) => {
    const type = gate.conditionType ?? '';
    pushTexts(errors, `${field}.readinessGates[${i}].conditionType`, type, isQualifiedName(type));
  });
  if (spec.schedulingGates) checkSchedulingGates(errors, `${field}.schedulingGates`, spec.schedulingGates);
  if (spec.topologySpreadConstraints)
    checkTopologySpread(errors, `${field}.topologySpreadConstraints`, spec.topologySpreadConstraints);
}

function checkHost(errors: FieldError[], field: string, spec: any): void {
  const each = eachContainer(spec, field);
  checkHostProcess(errors, field, spec, each);
  checkHostUsers(errors, field, spec, each);
  checkName(errors, `${field}.serviceAccountName`, spec.serviceAccountName);
  checkName(errors, `${field}.nodeName`, spec.nodeName);
  checkRange(errors, `${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 1, maxInt32);
  checkHostNames(errors, field, spec);
}

function checkTheRest(errors: FieldError[], field: string, spec: any): void {
  if (spec.tolerations) checkTolerations(errors, `${field}.tolerations`, spec.tolerations);
  if (spec.hostAliases) checkHostAliases(errors, `${field}.hostAliases`, spec.hostAliases);
  checkName(errors, `${field}.priorityClassName`, spec.priorityClassName);
  const runtime = spec.runtimeClassName;
  if (runtime !== undefined)
    pushTexts(errors, `${field}.runtimeClassName`, runtime, nameIsDNSSubdomain(runtime, false));
  checkPreemptionPolicy(errors, `${field}.preemptionPolicy`, spec.preemptionPolicy);
  checkOverhead(errors, `${field}.overhead`, spec.overhead);
  const each = eachContainer(spec, field);
  checkOS(errors, field, spec, each);
  each((container, at) => checkFileKeyVolumes(errors, at, container, spec.volumes ?? []));
}

/** What holds for pods and not for templates. */
export function checkPodOnly(errors: FieldError[], field: string, spec: any): void {
  if (!spec.serviceAccountName)
    (spec.volumes ?? []).forEach((volume: any, v: number) => {
      (volume.projected?.sources ?? []).forEach((source: any, s: number) => {
        if (source.serviceAccountToken)
          errors.push(
            forbiddenField(
              `${field}.volumes[${v}].projected.sources[${s}].serviceAccountToken`,
              'must not be specified when serviceAccountName is not set',
            ),
          );
      });
    });
  for (const list of ['containers', 'initContainers'])
    for (const [i, c] of (spec[list] ?? []).entries()) checkImagePadding(errors, `${field}.${list}[${i}]`, c);
}
