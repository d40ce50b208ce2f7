// Resolves the class that a pod names, or the default one, to its priority; lets only one class be the default.
// Reads: PriorityClasses. Changes: Pods. Mirrors: plugin/pkg/admission/priority/admission.go.
// Next: defaultTolerationSeconds.ts; the scheduler orders and preempts by the numbers.
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Cluster } from '../kinds/cluster.ts';
import { isPod, refuse } from './forbidden.ts';
import type { AdmissionPlugin, Attributes } from './plugin.ts';

const priorityClasses = { group: 'scheduling.k8s.io', plural: 'priorityclasses' };

export function priority(): AdmissionPlugin {
  const globalDefault = defaultFinder();
  return {
    name: 'Priority',
    async admit(a) {
      if (!isPod(a)) return;
      if (a.operation === 'CREATE') await resolve(a, globalDefault);
      else if (a.operation === 'UPDATE') keep(a.object.spec, a.old?.['spec']);
    },
    validate(a) {
      if (a.kind.group !== priorityClasses.group || a.kind.plural !== priorityClasses.plural || a.subresource) return;
      if (!a.object?.globalDefault || (a.operation !== 'CREATE' && a.operation !== 'UPDATE')) return;
      const other = globalDefault(a.context.cluster);
      if (!other || (a.operation === 'UPDATE' && other.metadata.name === a.object.metadata.name)) return;
      throw refuse(a, `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`);
    },
  };
}

type Find = (cluster: Cluster) => KubeObject | undefined;

/** Of several that a race has let through, the least important. Looked for again when a class has changed: most pods name none. */
function defaultFinder(): Find {
  let known: { at: number; found: KubeObject | undefined } | undefined;
  return (cluster) => {
    const at = cluster.lastChange(priorityClasses);
    if (known?.at !== at) {
      const defaults = cluster.cachedList(priorityClasses).filter((c) => c['globalDefault']);
      known = { at, found: defaults.sort((x, y) => x['value'] - y['value'])[0] };
    }
    return known.found;
  };
}

async function resolve(a: Attributes, globalDefault: Find): Promise<void> {
  const { spec } = a.object;
  const found = spec.priorityClassName ? await classOf(a) : globalDefault(a.context.cluster);
  if (!spec.priorityClassName && found) spec.priorityClassName = found.metadata.name;
  const value: number = found?.['value'] ?? 0;
  const policy: string = found ? found['preemptionPolicy'] : 'PreemptLowerPriority';
  if (spec.priority !== undefined && spec.priority !== value) {
    const given = `the integer value of priority (${spec.priority}) must not be provided in pod spec`;
    throw refuse(a, `${given}; priority admission controller computed ${value} from the given PriorityClass name`);
  }
  spec.priority = value;
  if (!policy) return;
  if (spec.preemptionPolicy && spec.preemptionPolicy !== policy) {
    const given = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec`;
    throw refuse(a, `${given}; priority admission controller computed ${policy} from the given PriorityClass name`);
  }
  spec.preemptionPolicy = policy;
}

async function classOf(a: Attributes): Promise<KubeObject> {
  const { cluster } = a.context;
  const name: string = a.object.spec.priorityClassName;
  const found = cluster.cached(priorityClasses, name) ?? (await cluster.get(priorityClasses, name));
  if (!found) throw refuse(a, `no PriorityClass with name ${name} was found`);
  return found;
}

/** A writer that leaves out what was resolved at creation means no change. */
function keep(spec: any, old: any): void {
  for (const field of ['priority', 'preemptionPolicy']) if (old?.[field] !== undefined) spec[field] ??= old[field];
}
