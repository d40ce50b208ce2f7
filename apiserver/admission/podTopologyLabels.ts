// A pod that comes to a node is labelled with the node's zone and region, so that it can read them. What its writer set there is written over.
// Reads: Nodes. Changes: Bindings, and Pods that are made for a node. Mirrors: plugin/pkg/admission/podtopologylabels/admission.go.
// Next: ../kinds/pod/binding.ts carries a binding's labels to the pod.
import type { AdmissionPlugin } from './plugin.ts';

const nodes = { group: '', plural: 'nodes' };
const labels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

export const podTopologyLabels = (): AdmissionPlugin => ({
  name: 'PodTopologyLabels',
  admit({ kind, operation, subresource, object, context }) {
    if (kind.group || operation !== 'CREATE') return;
    const isBinding = subresource === 'binding';
    if (kind.plural !== 'pods' || (subresource && !isBinding)) return;
    if (isBinding && object.target?.kind !== 'Node') return;
    const name: string | undefined = isBinding ? object.target.name : object.spec?.nodeName;
    const found = name ? context.cluster.cached(nodes, name)?.metadata.labels : undefined;
    const copied = labels.filter((key) => found?.[key] !== undefined).map((key) => [key, found![key]!]);
    if (!copied.length) return;
    object.metadata = { ...object.metadata, labels: { ...object.metadata?.labels, ...Object.fromEntries(copied) } };
  },
});
