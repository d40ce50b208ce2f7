// The flags of the horizontal pod autoscaler, with upstream's names and defaults, and what they come to.
// Mirrors: cmd/kube-controller-manager/app/options/hpacontroller.go. Read by: ../flags.ts and ../controllers.ts. Next: podAutoscaler.ts.
import { type Config, type Flags, UsageError } from '../../component-base/flags.ts';

export const autoscalerFlags = {
  'concurrent-horizontal-pod-autoscaler-syncs': {
    type: 'int',
    default: 5,
    help: 'How many HorizontalPodAutoscalers are reconciled at the same time.',
  },
  'horizontal-pod-autoscaler-sync-period': {
    type: 'duration',
    default: 15_000,
    help: 'Time between two looks at the metrics of a HorizontalPodAutoscaler.',
  },
  'horizontal-pod-autoscaler-downscale-stabilization': {
    type: 'duration',
    default: 300_000,
    help: 'How far back recommendations count: the autoscaler scales down to the highest of them.',
  },
  'horizontal-pod-autoscaler-tolerance': {
    type: 'string',
    default: '0.1',
    help: 'How far from 1 the ratio of what is used to what is wanted must be before anything is scaled.',
  },
  'horizontal-pod-autoscaler-cpu-initialization-period': {
    type: 'duration',
    default: 300_000,
    help: 'How long after its start the CPU samples of a pod may be passed over.',
  },
  'horizontal-pod-autoscaler-initial-readiness-delay': {
    type: 'duration',
    default: 30_000,
    help: 'Changes of readiness in this time after the start of a pod count as its first.',
  },
} as const satisfies Flags;

/** Times in milliseconds. */
export interface AutoscalerOptions {
  workers: number;
  syncPeriod: number;
  downscaleStabilization: number;
  tolerance: number;
  cpuInitializationPeriod: number;
  initialReadinessDelay: number;
  /** The gate HPAConfigurableTolerance: behavior may have its own tolerances. */
  ownTolerances: boolean;
}

export function autoscalerOptions(c: Config<typeof autoscalerFlags>, ownTolerances: boolean): AutoscalerOptions {
  const text = c['horizontal-pod-autoscaler-tolerance'];
  const tolerance = Number(text);
  if (text === '' || Number.isNaN(tolerance))
    throw new UsageError(`--horizontal-pod-autoscaler-tolerance must be a number such as 0.1, not "${text}".`);
  return {
    workers: c['concurrent-horizontal-pod-autoscaler-syncs'],
    syncPeriod: c['horizontal-pod-autoscaler-sync-period'],
    downscaleStabilization: c['horizontal-pod-autoscaler-downscale-stabilization'],
    tolerance,
    cpuInitializationPeriod: c['horizontal-pod-autoscaler-cpu-initialization-period'],
    initialReadinessDelay: c['horizontal-pod-autoscaler-initial-readiness-delay'],
    ownTolerances,
  };
}
