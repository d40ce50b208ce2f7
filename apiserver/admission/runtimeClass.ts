// A pod that names a RuntimeClass gets what that costs besides its containers, and is kept to the nodes that have it.
// Reads: RuntimeClasses. Changes: Pods. Mirrors: plugin/pkg/admission/runtimeclass/admission.go.
// Next: mergeTolerations.ts; the scheduler counts spec.overhead, the kubelet asks its runtime for the handler.
import { ownValue } from '../../apimachinery/ownValue.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import { semanticEqual } from '../kinds/equal.ts';
import { isPod, refuse } from './forbidden.ts';
import { mergeTolerations } from './mergeTolerations.ts';
import type { AdmissionPlugin, Attributes } from './plugin.ts';

const runtimeClasses = { group: 'node.k8s.io', plural: 'runtimeclasses' };

export function runtimeClass(): AdmissionPlugin {
  return {
    name: 'RuntimeClass',
    async admit(a) {
      if (!concerns(a)) return;
      const found = await classOf(a);
      if (found?.['overhead']) setOverhead(a, found['overhead'].podFixed);
      if (found?.['scheduling']) setScheduling(a, found['scheduling']);
    },
    async validate(a) {
      if (!concerns(a)) return;
      const { overhead } = a.object.spec;
      const found = await classOf(a);
      if (found?.['overhead']) {
        if (!semanticEqual(found['overhead'].podFixed, overhead, 'overhead')) throw refuse(a, mismatch);
      } else if (overhead) {
        throw refuse(a, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
      }
    },
  };
}

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

const concerns = (a: Attributes) => isPod(a) && a.operation === 'CREATE';

/** Undefined when the pod names none. Throws 403 when there is none of that name. */
async function classOf(a: Attributes): Promise<KubeObject | undefined> {
  const name: string | undefined = a.object.spec.runtimeClassName;
  if (name === undefined || name === null) return undefined;
  const { cluster } = a.context;
  const found = cluster.cached(runtimeClasses, name) ?? (await cluster.get(runtimeClasses, name));
  if (!found) throw refuse(a, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

function setOverhead(a: Attributes, podFixed: Record<string, string> | undefined): void {
  const { spec } = a.object;
  if (spec.overhead && !semanticEqual(podFixed, spec.overhead, 'overhead')) throw refuse(a, mismatch);
  if (podFixed) spec.overhead = { ...podFixed };
}

function setScheduling(a: Attributes, { nodeSelector, tolerations }: any): void {
  const { spec } = a.object;
  for (const [key, value] of Object.entries<string>(nodeSelector ?? {})) {
    const own = ownValue<string>(spec.nodeSelector, key);
    if (own === undefined || own === value) continue;
    const [theirs, pods] = [
      `runtimeClass.scheduling.nodeSelector[${key}] = ${value}`,
      `pod.spec.nodeSelector[${key}] = ${own}`,
    ];
    throw refuse(a, `conflict: ${theirs}; ${pods}`);
  }
  if (nodeSelector) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  if (tolerations?.length) spec.tolerations = mergeTolerations(spec.tolerations ?? [], tolerations);
}
