// Keeps objects out of namespaces that are not there or on their way out, and the namespaces of the system from being deleted.
// Reads: Namespaces. Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle.
// Next: serviceAccount.ts, the next plugin of the default order that is built.
import { forbidden, notFound } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import { refuse } from './forbidden.ts';
import type { AdmissionPlugin, Attributes } from './plugin.ts';

const namespaces = { group: '', plural: 'namespaces' };
const immortal = new Set(['default', 'kube-system', 'kube-public']);
/** How long the cache is not believed about a namespace whose deletion came through here. */
const distrustMs = 30_000;

export function namespaceLifecycle(): AdmissionPlugin {
  const distrustedUntil = new Map<string, number>();
  return {
    name: 'NamespaceLifecycle',
    async admit(a) {
      if (a.kind.group === '' && a.kind.plural === 'namespaces') return onNamespace(a, distrustedUntil);
      if (!a.kind.namespaced || !a.namespace || a.operation === 'DELETE' || isAccessReview(a)) return;
      const namespace = await find(a, distrustedUntil);
      if (!namespace) throw notFound(namespaces, a.namespace);
      if (a.operation === 'CREATE' && namespace['status']?.phase === 'Terminating') throw terminating(a);
    },
  };
}

function onNamespace(a: Attributes, distrustedUntil: Map<string, number>): void {
  if (a.operation !== 'DELETE') return;
  if (immortal.has(a.name)) throw forbidden(namespaces, a.name, 'this namespace may not be deleted');
  const now = a.context.now();
  for (const [name, until] of distrustedUntil) if (until <= now) distrustedUntil.delete(name);
  distrustedUntil.set(a.name, now + distrustMs);
}

/** To say that a namespace is not there would answer a question that nobody may ask. */
const isAccessReview = (a: Attributes) =>
  a.kind.group === 'authorization.k8s.io' && a.kind.plural === 'localsubjectaccessreviews';

async function find(a: Attributes, distrustedUntil: Map<string, number>): Promise<KubeObject | undefined> {
  const { cluster } = a.context;
  const cached = cluster.cached(namespaces, a.namespace);
  const distrusted =
    (distrustedUntil.get(a.namespace) ?? 0) > a.context.now() && cached?.['status']?.phase === 'Active';
  return cached && !distrusted ? cached : cluster.get(namespaces, a.namespace);
}

function terminating(a: Attributes): Error {
  const error = refuse(a, `unable to create new content in namespace ${a.namespace} because it is being terminated`);
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${a.namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  error.status.details = { ...error.status.details, causes: [cause] };
  return error;
}
