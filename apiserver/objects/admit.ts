// Runs the admission plugins of a write in their order: all that change, later all that only look.
// Called by createObject, updateObject and deleteObject; the order itself is admission/admission.ts.
import type { Attributes, Operation } from '../admission/plugin.ts';
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

export const admitChanges = (w: WriteContext, a: Attributes) => runAll(w, a, 'admit');

export const admitValidations = (w: WriteContext, a: Attributes) => runAll(w, a, 'validate');

async function runAll(w: WriteContext, a: Attributes, step: 'admit' | 'validate'): Promise<void> {
  const { admission, metrics } = w.api;
  const began = performance.now();
  let last = began;
  let rejected = true;
  let name = '';
  const note = () => {
    const now = performance.now();
    metrics.admission(name, step, a.operation, rejected, now - last);
    last = now;
  };
  try {
    for (const plugin of admission) {
      if (!plugin[step]) continue;
      name = plugin.name;
      rejected = true;
      const waiting = plugin[step](a);
      if (waiting) await waiting;
      rejected = false;
      note();
    }
    rejected = false;
  } catch (error) {
    note();
    throw error;
  } finally {
    metrics.admission('', step, a.operation, rejected, performance.now() - began);
  }
}
