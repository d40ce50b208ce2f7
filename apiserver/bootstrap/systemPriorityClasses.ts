// The two classes for pods that the cluster itself cannot do without; made again when one is deleted.
// Writes: PriorityClasses. Mirrors: pkg/registry/scheduling/rest/storage_scheduling.go, pkg/apis/scheduling/v1/helpers.go.
// Next: ../admission/priority.ts resolves their names in pods.
import { ensure } from './ensure.ts';
import type { Step } from './step.ts';

const resource = { group: 'scheduling.k8s.io', plural: 'priorityclasses' };

const classes = [
  {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];

export const systemPriorityClasses: Step = {
  name: 'system-priority-classes',
  hook: 'scheduling/bootstrap-system-priority-classes',
  every: 60_000,
  async run({ cluster }) {
    for (const priorityClass of classes) await ensure(cluster, resource, priorityClass);
  },
};
