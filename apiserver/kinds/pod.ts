// Pod: containers that share an address and a node, the unit that is scheduled. All that is true of Pods alone.
// Mirrors: pkg/registry/core/pod/{strategy,storage}, pkg/apis/core/{v1/defaults,validation}, pkg/printers.
// Next: pod/, one subject a file: defaults.ts, spec.ts (rules), prepare.ts, update.ts, status.ts, binding.ts, columns.ts.
import type { DeleteOptions } from '../../apimachinery/types.ts';
import { podAttach, podExec, podLog, podPortForward, podProxy } from './connected.ts';
import { defineKind } from './kind.ts';
import { binding } from './pod/binding.ts';
import { podColumns, podRowConditions } from './pod/columns.ts';
import { defaultPod } from './pod/defaults.ts';
import { ephemeralContainers } from './pod/ephemeral.ts';
import { eviction } from './pod/eviction.ts';
import { specChanged } from './pod/generation.ts';
import { keepForStatus, prepareCreate } from './pod/prepare.ts';
import { resize } from './pod/resize.ts';
import { validateStatusUpdate } from './pod/status.ts';
import { validateUpdate } from './pod/update.ts';
import { judgedBy, validatePod, validatePodCreate } from './pod/validatePod.ts';
import { podStatusWarnings, podWarnings } from './pod/warnings.ts';

/** A pod that no node runs, or that has ended, goes at once. */
function gracePeriod(pod: any, options: DeleteOptions): number {
  const phase = pod.status?.phase;
  if (!pod.spec?.nodeName || phase === 'Failed' || phase === 'Succeeded') return 0;
  const seconds = options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds;
}

export const pod = defineKind({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Pod',
  storage: 'pods',
  defaults: defaultPod,
  prepareCreate,
  validate: validatePod,
  validateCreate: validatePodCreate,
  judgedBy,
  validateUpdate,
  warnings: podWarnings,
  generation: specChanged,
  deleteReturnsObject: true,
  gracePeriod,
  columns: podColumns,
  rowConditions: podRowConditions,
  selectableFields: {
    'spec.nodeName': (o) => o.spec?.nodeName ?? '',
    'spec.restartPolicy': (o) => o.spec?.restartPolicy ?? '',
    'spec.schedulerName': (o) => o.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (o) => o.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (o) => String(o.spec?.hostNetwork ?? false),
    // Old names: one is another's, the other is taken and never filled.
    'spec.host': (o) => o.spec?.nodeName ?? '',
    'status.podIPs': () => '',
    'status.phase': (o) => o.status?.phase ?? '',
    'status.podIP': (o) => o.status?.podIPs?.[0]?.ip ?? o.status?.podIP ?? '',
    'status.nominatedNodeName': (o) => o.status?.nominatedNodeName ?? '',
  },
  subresources: [
    {
      name: 'status',
      verbs: ['get', 'patch', 'update'],
      keep: keepForStatus,
      validateUpdate: validateStatusUpdate,
      warnings: podStatusWarnings,
      resets: ['spec', 'metadata.deletionTimestamp', 'metadata.ownerReferences'],
    },
    podLog,
    podExec,
    podAttach,
    podPortForward,
    podProxy,
    binding,
    eviction,
    ephemeralContainers,
    resize,
  ],
});
