// PreBind: what Reserve decided becomes true: the finalizer, then allocation and reservation in one write of the status.
// Writes: resourceclaims and their status. Mirrors: bindClaim and Unreserve in pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go.
// Next along the chain: the binding of the pod, then the kubelet, which prepares the devices.
import { consumerOf, deleteProtection, isReservedFor } from '../../../apimachinery/podClaims.ts';
import { resourceClaims } from '../../../apimachinery/resources.ts';
import { isReason } from '../../../apimachinery/status.ts';
import type { AllocationResult, Pod, ResourceClaim } from '../../../apimachinery/types.ts';
import type { Client } from '../../../client/client.ts';
import { claimText } from './allocation/requests.ts';

/** Client-go's DefaultRetry. */
const tries = 5;

/** Resolves with the claim as it is then. Rejects when another was faster or the server refuses. */
export async function bindClaim(
  client: Client,
  pod: Pod,
  claim: ResourceClaim,
  allocation: AllocationResult | undefined,
): Promise<ResourceClaim> {
  const { name, namespace } = claim.metadata;
  let now = claim;
  for (let attempt = 1; ; attempt++) {
    try {
      return await write(client, pod, now, allocation);
    } catch (error) {
      if (!isReason(error, 'Conflict') || attempt === tries) throw error;
      now = await client.get(resourceClaims, name, namespace);
    }
    if (now.metadata.uid !== claim.metadata.uid)
      throw new Error(`claim ${claimText(claim)} got replaced in the meantime`);
  }
}

async function write(
  client: Client,
  pod: Pod,
  claim: ResourceClaim,
  allocation: AllocationResult | undefined,
): Promise<ResourceClaim> {
  if (claim.metadata.deletionTimestamp) throw new Error(`claim ${claimText(claim)} got deleted in the meantime`);
  let now = claim;
  if (allocation) {
    // A conflict may hide that our own write got through before.
    if (claim.status?.allocation && !isReservedFor(pod, claim))
      throw new Error(`claim ${claimText(claim)} got allocated elsewhere in the meantime`);
    if (!claim.metadata.finalizers?.includes(deleteProtection)) now = await addFinalizer(client, claim);
  }
  if (isReservedFor(pod, now)) return now;
  const status = { ...now.status, ...(allocation && { allocation }) };
  status.reservedFor = [...(now.status?.reservedFor ?? []), consumerOf(pod)];
  const what = allocation ? 'allocation and reservation' : 'reservation';
  return explained(client.updateStatus(resourceClaims, { ...now, status }), `add ${what} to claim ${claimText(claim)}`);
}

/** A finalizer cannot come with the status. */
function addFinalizer(client: Client, claim: ResourceClaim): Promise<ResourceClaim> {
  const finalizers = [...(claim.metadata.finalizers ?? []), deleteProtection];
  const changed = { ...claim, metadata: { ...claim.metadata, finalizers } };
  return explained(client.update(resourceClaims, changed), `add finalizer to claim ${claimText(claim)}`);
}

/** A refusal says what it refuses; a conflict is for the caller. */
async function explained<T>(write: Promise<T>, what: string): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (isReason(error, 'Conflict')) throw error;
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** Takes the pod off the list of users, whatever else has changed in the claim. */
export const unreserveClaim = (client: Client, pod: Pod, { metadata }: ResourceClaim): Promise<ResourceClaim> =>
  client.patch(
    resourceClaims,
    metadata.name,
    metadata.namespace,
    'strategic',
    {
      metadata: { uid: metadata.uid },
      status: { reservedFor: [{ $patch: 'delete', uid: pod.metadata.uid }] },
    },
    { subresource: 'status' },
  );
