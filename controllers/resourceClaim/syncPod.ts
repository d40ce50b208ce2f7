// Does what a pod needs: makes claims of templates, says in the pod's status which they are, and reserves claims for a pod that
// was placed without the scheduler. Writes: resourceclaims, resourceclaims/status, pods/status, Events.
// Mirrors: syncPod in pkg/controller/resourceclaim/controller.go. Called by: resourceClaim.ts.
import { claimNameOf, consumerOf, notForPod } from '../../apimachinery/podClaims.ts';
import { groupResource, pods, resourceClaims, resourceClaimTemplates } from '../../apimachinery/resources.ts';
import type { Pod, ResourceClaim } from '../../apimachinery/types.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { isUncertain } from '../common/errors.ts';
import { mayReserve, wantsClaims } from './keys.ts';
import type { Made } from './made.ts';
import { asksForAdminAccess, type ClaimMetrics } from './metrics.ts';
import { newClaim } from './newClaim.ts';
import { type EntryPlan, planPod } from './podPlan.ts';

export type PodContext = ControllerContext & {
  made: Made;
  claimMetrics: ClaimMetrics;
  /** May templates ask for access to devices in use? */
  adminAccess: boolean;
};

const fieldManager = 'ResourceClaimController';

export async function syncPod(key: string, context: PodContext): Promise<void> {
  const { informers, made } = context;
  const pod = informers.informer(pods).get(key);
  if (!pod || !wantsClaims(pod)) return;
  const claims = informers.informer(resourceClaims);
  const claimOf = (name: string) => claims.get(`${pod.metadata.namespace}/${name}`);
  const found = new Map<string, string>();
  const own = await made.ofPod(pod, context.client);
  for (const plan of planPod(pod, { claim: claimOf, own })) {
    const claim = await actOrTell(pod, plan, context);
    if (claim) found.set(plan.entry.name, claim.metadata.name);
  }
  if (found.size) await record(pod, found, context);
  if (pod.spec?.nodeName) await reserveAll(pod, claimOf, context);
}

/** The claim that is to be recorded for the entry, if any. */
async function actOrTell(pod: Pod, plan: EntryPlan, context: PodContext): Promise<ResourceClaim | undefined> {
  try {
    if (plan.do === 'fail') throw new Error(plan.message);
    if (plan.do === 'create') return await create(pod, plan.entry.name, plan.template, context);
    return plan.do === 'record' ? plan.claim : undefined;
  } catch (error) {
    const message = `PodResourceClaim ${plan.entry.name}: ${(error as Error).message}`;
    context.events.event(pod, 'Warning', 'FailedResourceClaimCreation', message);
    throw error;
  }
}

async function create(pod: Pod, entry: string, templateName: string, context: PodContext): Promise<ResourceClaim> {
  const { client, informers, made, claimMetrics, adminAccess } = context;
  const template = informers.informer(resourceClaimTemplates).get(`${pod.metadata.namespace}/${templateName}`);
  if (!template) {
    const what = groupResource({ ...resourceClaimTemplates, plural: 'resourceclaimtemplate' });
    throw new Error(`resource claim template "${templateName}": ${what} "${templateName}" not found`);
  }
  if (!adminAccess && asksForAdminAccess(template.spec))
    throw new Error('admin access is requested, but the feature is disabled');
  const claim = newClaim(pod, entry, template);
  try {
    const created = await client.create(resourceClaims, claim);
    claimMetrics.made(template.spec, true);
    made.add(pod.metadata.uid!, created);
    return created;
  } catch (error) {
    claimMetrics.made(template.spec, false);
    if (isUncertain(error)) made.doubt(pod.metadata.uid!);
    // Upstream's words name the claim, which has no name yet.
    (error as Error).message = `create ResourceClaim : ${(error as Error).message}`;
    throw error;
  }
}

/** All that is known of the pod's claims: what is left out of an apply goes. */
async function record(pod: Pod, found: ReadonlyMap<string, string>, { client }: PodContext): Promise<void> {
  const before = new Map(pod.status?.resourceClaimStatuses?.map((s) => [s.name, s]));
  const resourceClaimStatuses = (pod.spec?.resourceClaims ?? []).flatMap(({ name }) => {
    const resourceClaimName = found.get(name);
    if (resourceClaimName !== undefined) return [{ name, resourceClaimName }];
    return before.has(name) ? [before.get(name)!] : [];
  });
  const { name, namespace, uid } = pod.metadata;
  const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, uid }, status: { resourceClaimStatuses } };
  await client.patch(pods, name, namespace, 'apply', body, { subresource: 'status', fieldManager, force: true });
}

async function reserveAll(
  pod: Pod,
  claimOf: (name: string) => ResourceClaim | undefined,
  { client }: PodContext,
): Promise<void> {
  for (const entry of pod.spec?.resourceClaims ?? []) {
    const named = claimNameOf(pod, entry);
    // What was recorded just now comes back with the pod's next event.
    const claim = 'name' in named && named.name !== undefined ? claimOf(named.name) : undefined;
    if (!claim || !('ownedByPod' in named)) continue;
    const stranger = named.ownedByPod ? notForPod(pod, claim) : undefined;
    if (stranger) throw new Error(stranger);
    if (!mayReserve(pod, claim)) continue;
    const reservedFor = [...(claim.status!.reservedFor ?? []), consumerOf(pod)];
    await client.updateStatus(resourceClaims, { ...claim, status: { ...claim.status, reservedFor } });
  }
}
