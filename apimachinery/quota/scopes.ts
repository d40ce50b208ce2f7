// Does a quota with scopes count this object?
// Pure. Mirrors: podMatchesScopeFunc in pkg/quota/v1/evaluator/core/pods.go, persistent_volume_claims.go.
// Used by: the API server's admission and the quota controller.
import { parseQuantity, signOf } from '../quantity.ts';
import type { GroupResource } from '../status.ts';

interface Requirement {
  scopeName: string;
  operator: string;
  values?: readonly string[];
}

const requirementsOf = (spec: any): Requirement[] => [
  ...(spec?.scopes ?? []).map((scopeName: string) => ({ scopeName, operator: 'Exists' })),
  ...(spec?.scopeSelector?.matchExpressions ?? []),
];

export const inScopes = (quotaSpec: any, r: GroupResource, object: any): boolean =>
  requirementsOf(quotaSpec).every((requirement) => fits(requirement, r, object));

function fits(requirement: Requirement, r: GroupResource, object: any): boolean {
  if (r.group) return false;
  if (r.plural === 'pods') return podFits(requirement, object);
  if (r.plural !== 'persistentvolumeclaims' || requirement.scopeName !== 'VolumeAttributesClass') return false;
  const { spec, status } = object;
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter(Boolean);
  return names.length ? names.some((name) => named(requirement, name)) : named(requirement, '');
}

function podFits(requirement: Requirement, { spec = {} }: any): boolean {
  switch (requirement.scopeName) {
    case 'Terminating':
      return spec.activeDeadlineSeconds >= 0;
    case 'NotTerminating':
      return !(spec.activeDeadlineSeconds >= 0);
    case 'BestEffort':
      return isBestEffort(spec);
    case 'NotBestEffort':
      return !isBestEffort(spec);
    case 'PriorityClass':
      return named(requirement, spec.priorityClassName ?? '');
    case 'CrossNamespacePodAffinity':
      return reachesOut(spec.affinity);
    default:
      return false;
  }
}

function named({ operator, values = [] }: Requirement, name: string): boolean {
  if (operator === 'Exists') return name !== '';
  if (operator === 'DoesNotExist') return name === '';
  return values.includes(name) === (operator === 'In');
}

/** Asks for no cpu and no memory, anywhere. */
function isBestEffort(spec: any): boolean {
  const all = [...(spec.containers ?? []), ...(spec.initContainers ?? []), spec].map((c) => c.resources ?? {});
  return !all.some(({ requests, limits }) =>
    [requests, limits].some((list) =>
      ['cpu', 'memory'].some((name) => list?.[name] !== undefined && signOf(parseQuantity(list[name])) > 0),
    ),
  );
}

function reachesOut(affinity: any): boolean {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].some((a) =>
    [
      ...(a?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(a?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((w: any) => w.podAffinityTerm),
    ].some((term: any) => term?.namespaces?.length || term?.namespaceSelector),
  );
}
