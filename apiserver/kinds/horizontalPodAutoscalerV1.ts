// HorizontalPodAutoscaler as autoscaling/v1 shows it: a percentage of CPU, and annotations for all that this form has no field for.
// Read by the API server's mechanisms. Mirrors: pkg/apis/autoscaling/v1. Next: horizontalPodAutoscaler.ts, which is stored.
import { specAnnotations, statusAnnotations, storedToV1, v1ToStored } from './autoscaler/v1Form.ts';
import { horizontalPodAutoscaler as stored } from './horizontalPodAutoscaler.ts';
import { defineKind } from './kind.ts';

/** The annotations that stand for fields are kept, or come, with those fields. */
function takeAnnotations(object: any, from: any, names: readonly string[]): void {
  const annotations = { ...object.metadata.annotations };
  for (const name of names) {
    const value = from?.metadata.annotations?.[name];
    if (value === undefined) delete annotations[name];
    else annotations[name] = value;
  }
  if (Object.keys(annotations).length) object.metadata.annotations = annotations;
  else delete object.metadata.annotations;
}

export const horizontalPodAutoscalerV1 = defineKind({
  ...stored,
  version: 'v1',
  schema: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
  storedAs: {
    group: 'autoscaling',
    version: 'v2',
    plural: stored.plural,
    toStored: v1ToStored,
    fromStored: storedToV1,
  },
  // Annotations that cannot be read, and the percentage that is the default, are settled by going there and back.
  defaults: (object) => {
    const there = v1ToStored(object);
    stored.defaults!(there);
    Object.assign(object, storedToV1(there));
  },
  prepareCreate: (object) => {
    object.status = { currentReplicas: 0, desiredReplicas: 0 };
    takeAnnotations(object, undefined, statusAnnotations);
  },
  prepareUpdate: (object, old) => takeAnnotations(object, old, statusAnnotations),
  validateCreate: (object) => stored.validateCreate!(v1ToStored(object)),
  validateUpdate: (object, old) => stored.validateUpdate!(v1ToStored(object), v1ToStored(old)),
  withGates: (gates) => {
    const { validateCreate, validateUpdate } = stored.withGates!(gates);
    return {
      validateCreate: (object) => validateCreate!(v1ToStored(object)),
      validateUpdate: (object, old) => validateUpdate!(v1ToStored(object), v1ToStored(old)),
    };
  },
  subresources: stored.subresources!.map((status) => ({
    ...status,
    keep: (object, old) => {
      object.spec = old.spec;
      takeAnnotations(object, old, specAnnotations);
    },
  })),
  columns: stored.columns!.map((column) => ({
    ...column,
    value: (object, now) => column.value(v1ToStored(object), now),
  })),
});
