// The namespaces that every cluster has; made again when someone deletes the one that can be deleted.
// Writes: Namespaces. Mirrors: pkg/controlplane/controller/systemnamespaces. Next: defaultServiceCIDR.ts.
import { ensure } from './ensure.ts';
import type { Step } from './step.ts';

const names = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export const systemNamespaces: Step = {
  name: 'system-namespaces',
  hook: 'start-system-namespaces-controller',
  every: 60_000,
  async run({ cluster }) {
    for (const name of names) await ensure(cluster, { group: '', plural: 'namespaces' }, { metadata: { name } });
  },
};
