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

export async function admitChanges(w: WriteContext, a: Attributes): Promise<void> {
  for (const plugin of w.api.admission) {
    const waiting = plugin.admit?.(a);
    if (waiting) await waiting;
  }
}

export async function admitValidations(w: WriteContext, a: Attributes): Promise<void> {
  for (const plugin of w.api.admission) {
    const waiting = plugin.validate?.(a);
    if (waiting) await waiting;
  }
}
