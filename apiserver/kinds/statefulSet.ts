// StatefulSet: pods with names and volumes of their own, made in order. Its defaults and its strategy; the rules are in statefulSet/.
// Mirrors: pkg/registry/apps/statefulset, pkg/apis/apps/v1/{defaults,conversion}, pkg/printers.
// Next: statefulSet/validation.ts; controllerRevision.ts, which keeps its history; persistentVolumeClaim.ts, which it makes.

import { nameIsDNSLabel } from '../../apimachinery/names.ts';
import { claimSpecWarnings, defaultClaim } from './claim/spec.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';
import { bareTemplateWarnings, containerImages, containerNames, defaultPodTemplate } from './podTemplate.ts';
import { scale } from './scale.ts';
import { validateCreate, validateStatus, validateUpdate } from './statefulSet/validation.ts';
import { statusSubresource } from './statusSubresource.ts';

function defaultStrategy(spec: any): void {
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) {
    strategy.rollingUpdate.partition ??= 0;
    strategy.rollingUpdate.maxUnavailable ??= 1;
  }
}

function defaults(set: any): void {
  set.spec ??= {};
  const { spec } = set;
  defaultPodTemplate(spec);
  spec.podManagementPolicy ||= 'OrderedReady';
  defaultStrategy(spec);
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.serviceName ??= '';
  for (const claim of spec.volumeClaimTemplates ?? []) {
    Object.assign(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
    claim.metadata ??= {};
    defaultClaim(claim);
  }
  if (!set.status) return;
  set.status.replicas ??= 0;
  set.status.availableReplicas ??= 0;
}

const historyText =
  'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';

/** The paths of an update's warnings are upstream's. */
function warnings(set: any, old: any): string[] {
  const { spec } = set;
  const changed = !old || old.metadata.generation !== set.metadata.generation;
  const claims: any[] = spec.volumeClaimTemplates ?? [];
  const at = (i: number) => `spec.volumeClaimTemplates[${i}]${old ? '.Spec' : ''}`;
  return [
    ...(changed ? bareTemplateWarnings(set) : []),
    ...claims.flatMap((claim, i) => claimSpecWarnings(at(i), claim.spec)),
    ...(spec.revisionHistoryLimit < 0 ? [historyText] : []),
  ];
}

export const statefulSet = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.StatefulSet',
  storage: 'statefulsets',
  defaults,
  prepareCreate: (set) => {
    set.status = { replicas: 0, availableReplicas: 0 };
  },
  validateName: nameIsDNSLabel,
  validateCreate,
  validateUpdate,
  warnings,
  generation: (set, old) => !semanticEqual(set.spec, old.spec),
  subresources: [statusSubresource(validateStatus), scale],
  columns: [
    nameColumn,
    column(
      'Ready',
      'Pods that are ready, of those wanted.',
      (o) => `${o.status?.readyReplicas ?? 0}/${o.spec?.replicas ?? 0}`,
    ),
    ageColumn,
    column('Containers', 'Containers of the template.', containerNames, 1),
    column('Images', 'Images of the template.', containerImages, 1),
  ],
});
