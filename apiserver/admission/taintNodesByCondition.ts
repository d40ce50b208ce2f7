// A new node takes no pods before it has said that it is ready.
// Changes: Nodes. Mirrors: plugin/pkg/admission/nodetaint/admission.go.
// Next: the node lifecycle controller takes the taint away.
import type { AdmissionPlugin } from './plugin.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

export const taintNodesByCondition = (): AdmissionPlugin => ({
  name: 'TaintNodesByCondition',
  admit({ kind, operation, subresource, object }) {
    if (kind.group || kind.plural !== 'nodes' || operation !== 'CREATE' || subresource) return;
    const taints: any[] = object.spec?.taints ?? [];
    if (taints.some((t) => t.key === notReady.key && t.effect === notReady.effect)) return;
    object.spec = { ...object.spec, taints: [...taints, { ...notReady }] };
  },
});
