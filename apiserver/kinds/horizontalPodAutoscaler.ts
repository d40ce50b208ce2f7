// HorizontalPodAutoscaler (autoscaling/v2, the stored form): keeps as many replicas of something as its metrics ask for.
// Read by the API server's mechanisms. Mirrors: pkg/registry/autoscaling/horizontalpodautoscaler, pkg/apis/autoscaling, pkg/printers.
// Next: autoscaler/, its rules; horizontalPodAutoscalerV1.ts, the same objects as autoscaling/v1 shows them.
import { autoscalerColumns } from './autoscaler/columns.ts';
import { defaultAutoscaler } from './autoscaler/defaults.ts';
import { validateAutoscaler, validateAutoscalerStatus } from './autoscaler/validation.ts';
import { defineKind } from './kind.ts';
import { statusSubresource } from './statusSubresource.ts';

export const noStatus = () => ({ currentMetrics: null, desiredReplicas: 0 });

export const horizontalPodAutoscaler = defineKind({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  storage: 'horizontalpodautoscalers',
  defaults: defaultAutoscaler,
  prepareCreate: (object) => {
    object.status = noStatus();
  },
  validateCreate: (object) => validateAutoscaler(object),
  validateUpdate: (object, old) => validateAutoscaler(object, old),
  withGates: (gates) => {
    const lowest = gates.enabled('HPAScaleToZero') ? 0 : 1;
    return {
      validateCreate: (object) => validateAutoscaler(object, undefined, lowest),
      validateUpdate: (object, old) => validateAutoscaler(object, old, lowest),
    };
  },
  subresources: [statusSubresource(validateAutoscalerStatus)],
  columns: autoscalerColumns,
});
