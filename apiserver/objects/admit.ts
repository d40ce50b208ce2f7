// Runs the admission plugins of a write in their order: all that change, later all that only look.
// Called by createObject, updateObject and deleteObject; the order itself is admission/admission.ts.
import type { AdmissionPlugin, Attributes, Operation } from '../admission/plugin.ts';
import type { Api } from '../api.ts';
import type { Distribution } from '../metrics/family.ts';
import type { WriteContext } from './writeContext.ts';

export function attributes(w: WriteContext, operation: Operation, name: string, object: any, old?: any): Attributes {
  return {
    operation,
    kind: w.served.kind,
    subresource: w.subresource,
    namespace: w.namespace,
    name,
    object,
    old,
    options: w.options,
    context: w,
  };
}

export const admitChanges = (w: WriteContext, a: Attributes) => runAll(w.api, a, 'admit');

export const admitValidations = (w: WriteContext, a: Attributes) => runAll(w.api, a, 'validate');

type Step = 'admit' | 'validate';

/** A series is made when it first counts, and found again without a look-up: there are two dozen in each write. */
interface Seconds {
  fine: Distribution | undefined;
  rejected: Distribution | undefined;
}

interface Stage {
  plugins: { plugin: AdmissionPlugin; seconds: Seconds }[];
  all: Seconds;
}

const stages = new WeakMap<Api, Map<string, Stage>>();

const unseen = (): Seconds => ({ fine: undefined, rejected: undefined });

function stageOf(api: Api, step: Step, operation: Operation): Stage {
  const known = stages.get(api) ?? new Map<string, Stage>();
  stages.set(api, known);
  const key = step + operation;
  const stage = known.get(key);
  if (stage) return stage;
  const acting = api.admission.filter((plugin) => plugin[step]);
  const made = { plugins: acting.map((plugin) => ({ plugin, seconds: unseen() })), all: unseen() };
  known.set(key, made);
  return made;
}

async function runAll(api: Api, a: Attributes, step: Step): Promise<void> {
  const { plugins, all } = stageOf(api, step, a.operation);
  const began = performance.now();
  let last = began;
  const observe = (seconds: Seconds, name: string, ms: number, outcome: 'fine' | 'rejected') => {
    seconds[outcome] ??= api.metrics.admission(name, step, a.operation, outcome === 'rejected');
    seconds[outcome].observe(ms / 1000);
  };
  for (const { plugin, seconds } of plugins) {
    let outcome: 'fine' | 'rejected' = 'rejected';
    try {
      const waiting = plugin[step]!(a);
      if (waiting) await waiting;
      outcome = 'fine';
    } finally {
      const now = performance.now();
      observe(seconds, plugin.name, now - last, outcome);
      last = now;
      if (outcome === 'rejected') observe(all, '', now - began, outcome);
    }
  }
  observe(all, '', last - began, 'fine');
}
