// Empties a namespace that is being deleted, says how far it got, and lets it go once nothing is left.
// Reads: namespaces, all their content through content.ts. Writes: deletions, namespace status, namespaces/finalize.
// Mirrors: pkg/controller/namespace (namespace_controller.go, deletion/). Next: the API server removes the finalized namespace.
import { toTime } from '../../apimachinery/clock.ts';
import { namespaces, pods } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { Namespace } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { type ContentReport, planConditions } from './conditions.ts';
import { deleteContent } from './content.ts';

const finalizer = 'kubernetes';
/** What remains is looked at at least this often, in milliseconds. */
const longestWait = 5_000;

export const namespaceController: Controller = {
  name: 'namespace-controller',
  workers: 10,
  watches: [
    watch({ resource: namespaces, keys: (ns) => (ns.metadata.deletionTimestamp ? [ns.metadata.name] : []) }),
    // The last pod of a dying namespace frees the rest of its content.
    watch({ resource: pods, keys: lastPodOfDyingNamespace, when: () => false }),
  ],
  async reconcile(key, context) {
    if (!isDue(context.informers.informer(namespaces).get(key))) return;
    // What the cache says may be of one that is gone, and its name by now another's, whose content stays.
    const ns = await newest(context.client, key);
    if (!isDue(ns)) return;
    const terminating = await markTerminating(context.client, ns);
    const { report, waitSeconds } = await deleteContent(context.client, key);
    const current = await tellConditions(context, terminating, report);
    if (report.deletionErrors.length) throw new Error(report.deletionErrors.join('; '));
    if (waitSeconds > 0) return { after: Math.min((waitSeconds / 2 + 1) * 1000, longestWait) };
    if (report.discoveryFailures.length)
      throw new Error(`discovery failed for ${report.discoveryFailures.map((f) => f.groupVersion).join(', ')}`);
    await finalize(context.client, current);
  },
};

const isDue = (ns: Namespace | undefined): ns is Namespace =>
  ns?.metadata.deletionTimestamp !== undefined && ns.spec?.finalizers?.includes(finalizer) === true;

const newest = (client: Client, name: string): Promise<Namespace | undefined> =>
  client.get(namespaces, name).catch((error) => {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  });

function lastPodOfDyingNamespace(
  pod: { metadata: { namespace?: string; deletionTimestamp?: string } },
  { informers }: ControllerContext,
): string[] {
  const name = pod.metadata.namespace!;
  if (!informers.informer(namespaces).get(name)?.metadata.deletionTimestamp) return [];
  return informers.informer(pods).count(name) ? [] : [name];
}

async function markTerminating(client: Client, ns: Namespace): Promise<Namespace> {
  if (ns.status?.phase === 'Terminating') return ns;
  return (await client.updateStatus(namespaces, {
    ...ns,
    status: { ...ns.status, phase: 'Terminating' },
  } as never)) as Namespace;
}

async function tellConditions(
  { client, clock }: ControllerContext,
  ns: Namespace,
  report: ContentReport,
): Promise<Namespace> {
  const conditions = planConditions(ns.status?.conditions, report, toTime(clock.now()));
  if (!conditions) return ns;
  try {
    return (await client.updateStatus(namespaces, {
      ...ns,
      status: { ...ns.status, conditions },
    } as never)) as Namespace;
  } catch (error) {
    if (isReason(error, 'NotFound')) return ns;
    throw error;
  }
}

async function finalize(client: Client, ns: Namespace): Promise<void> {
  const finalizers = (ns.spec?.finalizers ?? []).filter((f) => f !== finalizer);
  await client
    .update(namespaces, { ...ns, spec: { ...ns.spec, finalizers } } as never, { subresource: 'finalize' })
    .catch((error) => {
      if (!isReason(error, 'NotFound')) throw error;
    });
}
