// Does what a claim needs, in the order in which a crash in between does no harm: status first, then the finalizer, then the deletion.
// Writes: resourceclaims, resourceclaims/status. Mirrors: syncClaim in pkg/controller/resourceclaim/controller.go. Called by: resourceClaim.ts.
import { deleteProtection } from '../../apimachinery/podClaims.ts';
import { pods, resourceClaims } from '../../apimachinery/resources.ts';
import type { Pod, ResourceClaim } from '../../apimachinery/types.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { tolerate } from '../common/errors.ts';
import { judge, planClaim } from './claimPlan.ts';
import type { DeletedPods } from './deletedPods.ts';
import { ownerPod } from './indexes.ts';

type Context = ControllerContext & { deleted: DeletedPods };
type Consumer = NonNullable<NonNullable<ResourceClaim['status']>['reservedFor']>[number];

export async function syncClaim(key: string, context: Context): Promise<void> {
  const { client, informers } = context;
  const claim = informers.informer(resourceClaims).get(key);
  if (!claim) return;
  const { name, namespace, uid } = claim.metadata;
  const valid: Consumer[] = [];
  for (const user of claim.status?.reservedFor ?? []) if (await isStillUser(claim, user, context)) valid.push(user);
  const owner = ownerPod(claim);
  const pod = owner && informers.informer(pods).get(`${namespace}/${owner.name}`);
  const plan = planClaim(claim, valid, pod);
  // Not a patch: if anything has changed in the meantime, it is to be looked at anew.
  let now = claim;
  if (plan.status) now = await client.updateStatus(resourceClaims, { ...claim, status: plan.status });
  if (plan.unprotect) await unprotect(now, context);
  if (!plan.delete) return;
  await tolerate(['NotFound', 'Conflict'], client.delete(resourceClaims, name, namespace, { preconditions: { uid } }));
}

async function unprotect(claim: ResourceClaim, { client }: Context): Promise<void> {
  const finalizers = claim.metadata.finalizers?.filter((f) => f !== deleteProtection);
  await client.update(resourceClaims, { ...claim, metadata: { ...claim.metadata, finalizers } });
}

async function isStillUser(claim: ResourceClaim, user: Consumer, context: Context): Promise<boolean> {
  const { client, informers, deleted } = context;
  if (user.apiGroup || user.resource !== 'pods')
    throw new Error(`unsupported ReservedFor entry: ${user.apiGroup ?? ''} ${user.resource} ${user.name}`);
  const { namespace } = claim.metadata;
  const known = informers.informer(pods).get(`${namespace}/${user.name}`);
  const verdict = judge(user, known, deleted.has(user.uid));
  if (verdict !== 'ask') return verdict === 'keep';
  // The scheduler may be about to place a pod that we have not heard of: only the server knows.
  const pod = (await tolerate(['NotFound'], client.get(pods, user.name, namespace))) as Pod | undefined;
  return pod?.metadata.uid === user.uid;
}
