// Pods bear a node that is not ready or unreachable for five minutes, unless they say otherwise.
// Changes: Pods. Mirrors: plugin/pkg/admission/defaulttolerationseconds/admission.go.
// Next: the node lifecycle controller, which taints such nodes and evicts by these seconds.
import type { Toleration } from '../../apimachinery/types.ts';
import { isPod } from './forbidden.ts';
import type { AdmissionPlugin } from './plugin.ts';

export interface TolerationSeconds {
  notReady: number;
  unreachable: number;
}

export function defaultTolerationSeconds(seconds: TolerationSeconds): AdmissionPlugin {
  const wanted: [string, number][] = [
    ['node.kubernetes.io/not-ready', seconds.notReady],
    ['node.kubernetes.io/unreachable', seconds.unreachable],
  ];
  return {
    name: 'DefaultTolerationSeconds',
    admit(a) {
      if (!isPod(a) || (a.operation !== 'CREATE' && a.operation !== 'UPDATE')) return;
      const tolerations: Toleration[] = a.object.spec.tolerations ?? [];
      const missing = wanted.filter(([key]) => !tolerations.some((t) => covers(t, key)));
      if (!missing.length) return;
      const added = missing.map(([key, tolerationSeconds]) => ({
        key,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds,
      }));
      a.object.spec.tolerations = [...tolerations, ...added];
    },
  };
}

/** No key means all keys, no effect all effects. */
const covers = (t: Toleration, key: string) => (!t.key || t.key === key) && (!t.effect || t.effect === 'NoExecute');
