// Attributes of a write for tests of admission plugins, and what became of it.
import { StatusError } from '../../../apimachinery/status.ts';
import type { AdmissionPlugin, Attributes, Operation } from '../../../apiserver/admission/plugin.ts';
import { defineKind } from '../../../apiserver/kinds/kind.ts';
import { memoryCluster } from '../memoryCluster.ts';

/** `pods`, `nodes`, `ingresses.networking.k8s.io`: as much of a kind as plugins look at. */
export function kindNamed(resource: string): Attributes['kind'] {
  const dot = resource.indexOf('.');
  const [plural, group] = dot < 0 ? [resource, ''] : [resource.slice(0, dot), resource.slice(dot + 1)];
  return defineKind({ group, version: 'v1', kind: plural, plural, namespaced: true, schema: '' });
}

export const writeOf = (
  operation: Operation,
  resource: string,
  object: any,
  more: Partial<Attributes> & { cluster?: ReturnType<typeof memoryCluster>; may?: (ask: any) => boolean } = {},
): Attributes => {
  const { cluster = memoryCluster(), may = () => false, ...rest } = more;
  const authorization = { authorize: async (ask: any) => ({ allowed: may(ask), reason: '' }) };
  return {
    operation,
    kind: kindNamed(resource),
    subresource: '',
    namespace: 'a',
    name: 'x',
    object: { ...object, metadata: { name: 'x', namespace: 'a', ...object?.metadata } },
    options: {},
    context: { cluster, authorization, user: { username: 'u' }, now: () => 0 } as never,
    ...rest,
  };
};

/** `accepted`, or the refusal: `403 …`. */
export async function outcome(plugin: AdmissionPlugin, a: Attributes): Promise<string> {
  try {
    await plugin.admit?.(a);
    await plugin.validate?.(a);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return `${error.code} ${error.message}`;
  }
}
