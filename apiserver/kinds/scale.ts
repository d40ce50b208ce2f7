// autoscaling/v1 Scale: how many, and which pods count, of any workload in one shape. `kubectl scale` and autoscalers use it.
// Mirrors: ScaleREST in pkg/registry/apps/{deployment,replicaset}/storage, pkg/apis/autoscaling/validation.
// Used by: replicaSet.ts, deployment.ts, statefulSet.ts, replicationController.ts as a subresource.
import type { FieldError } from '../../apimachinery/fieldErrors.ts';
import { type Selector, selectorOf } from '../../apimachinery/labelSelector.ts';
import { checkNotNegative } from './check.ts';
import { ageColumn, countColumn, nameColumn } from './columns.ts';
import type { Kind, Subresource } from './kind.ts';

/** What a Table of Scales shows: `kubectl get --subresource=scale`. */
export const scaleShown: Kind = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  plural: 'scales',
  namespaced: true,
  schema: 'io.k8s.api.autoscaling.v1.Scale',
  columns: [
    nameColumn,
    countColumn('Desired', 'Number of pods that are wanted.', (scale) => scale.spec.replicas),
    countColumn('Available', 'Number of pods that are there.', (scale) => scale.status.replicas),
    ageColumn,
  ],
};

const shown = ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp'] as const;

function view(object: any, selectorOfPods: (object: any) => Selector): any {
  const metadata: Record<string, unknown> = {};
  for (const key of shown) if (object.metadata[key] !== undefined) metadata[key] = object.metadata[key];
  const selector = selectorOfPods(object).toString();
  const replicas = object.spec.replicas;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata,
    spec: replicas ? { replicas } : {},
    status: { replicas: object.status?.replicas ?? 0, ...(selector ? { selector } : {}) },
  };
}

function validateView(scale: any): FieldError[] {
  const errors: FieldError[] = [];
  checkNotNegative(errors, 'spec.replicas', scale.spec?.replicas);
  return errors;
}

/** `selectorOfPods`: which pods count, where that is not said by a LabelSelector. */
export const scaleOf = (selectorOfPods: (object: any) => Selector): Subresource => ({
  name: 'scale',
  verbs: ['get', 'patch', 'update'],
  body: { group: 'autoscaling', version: 'v1', kind: 'Scale', schema: 'io.k8s.api.autoscaling.v1.Scale' },
  view: (object) => view(object, selectorOfPods),
  writeView: (scaled, object) => {
    object.spec.replicas = scaled.spec?.replicas ?? 0;
  },
  validateView,
});

export const scale = scaleOf((object) => selectorOf(object.spec.selector));
