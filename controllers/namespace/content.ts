// Deletes what a namespace holds, kind by kind as discovery names them, pods before all else, and counts what is left.
// Reads: discovery, lists of metadata. Writes: deletions. Mirrors: pkg/controller/namespace/deletion/namespaced_resources_deleter.go.
// Used by: namespace.ts.
import { pods, type Resource } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import { allows, discover, type ServedResource } from '../common/discovery.ts';
import type { ContentReport } from './conditions.ts';

/** One pass. `waitSeconds`: how long what remains may take by what it says of itself; 0 when nothing remains. */
export async function deleteContent(
  client: Client,
  namespace: string,
): Promise<{ report: ContentReport; waitSeconds: number }> {
  const report: ContentReport = {
    discoveryFailures: [],
    deletionErrors: [],
    remaining: new Map(),
    finalizers: new Map(),
  };
  const { resources, failures } = await discover(client);
  report.discoveryFailures = failures;
  const deletable = resources.filter((r) => r.namespaced && allows(r, 'delete', 'list'));
  const isPods = (r: ServedResource) => r.plural === 'pods' && r.group === '';
  const first = deletable.filter(isPods);
  let waitSeconds = 0;
  for (const r of first) waitSeconds = Math.max(waitSeconds, await deleteAll(client, r, namespace, report));
  // What the pods still use (their ConfigMaps, Secrets, policies) goes after them.
  if (waitSeconds > 0 || remains(report)) return { report, waitSeconds: waitSeconds || finalizerWait };
  const waits = await Promise.all(
    deletable.filter((r) => !isPods(r)).map((r) => deleteAll(client, r, namespace, report)),
  );
  return { report, waitSeconds: Math.max(0, ...waits) };
}

const finalizerWait = 15;
const remains = (report: ContentReport) => [...report.remaining.values()].some((n) => n > 0);

/** Deletes all of one resource; the seconds that what remains may take. Failures go into the report. */
async function deleteAll(client: Client, r: ServedResource, namespace: string, report: ContentReport): Promise<number> {
  try {
    if (allows(r, 'deletecollection'))
      await client.deleteCollection(r, { namespace }, { propagationPolicy: 'Background' });
    else await deleteEach(client, r, namespace);
    const left = await client.list(r, { namespace, metadataOnly: true });
    if (!left.items.length) return 0;
    report.remaining.set(`${r.plural}.${r.group}`, left.items.length);
    let finalized = 0;
    for (const item of left.items) {
      for (const f of item.metadata.finalizers ?? []) report.finalizers.set(f, (report.finalizers.get(f) ?? 0) + 1);
      if (item.metadata.finalizers?.length) finalized = finalizerWait;
    }
    const grace = r.plural === 'pods' && r.group === '' ? await podGrace(client, namespace) : 0;
    if (!grace && !finalized)
      report.deletionErrors.push(
        `unexpected items still remain in namespace: ${namespace} for gvr: ${r.group}/${r.version}, Resource=${r.plural}`,
      );
    return Math.max(grace, finalized);
  } catch (error) {
    // A kind that went away since discovery has nothing left to delete.
    if (!isReason(error, 'NotFound') && !isReason(error, 'MethodNotAllowed'))
      report.deletionErrors.push((error as Error).message);
    return 0;
  }
}

async function deleteEach(client: Client, r: Resource, namespace: string): Promise<void> {
  const { items } = await client.list(r, { namespace, metadataOnly: true });
  for (const item of items)
    await client.delete(r, item.metadata.name, namespace, { propagationPolicy: 'Background' }).catch((error) => {
      if (!isReason(error, 'NotFound')) throw error;
    });
}

/** The longest time that a pod still running has asked for. */
async function podGrace(client: Client, namespace: string): Promise<number> {
  const { items } = await client.list(pods, { namespace });
  const living = items.filter((p) => p.status?.phase !== 'Succeeded' && p.status?.phase !== 'Failed');
  return Math.max(0, ...living.map((p) => p.spec?.terminationGracePeriodSeconds ?? 0));
}
