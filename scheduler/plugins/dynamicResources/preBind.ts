// PreBind: what Reserve decided becomes true: the finalizer, then allocation and reservation in one write of the status.
// Writes: resourceclaims and their status. Mirrors: bindClaim and Unreserve in pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go.
// Next along the chain: the binding of the pod, then the kubelet, which prepares the devices.
import { consumerOf, deleteProtection, isReservedFor } from '../../../apimachinery/podClaims.ts';
import { resourceClaims } from '../../../apimachinery/resources.ts';
import { isReason, StatusError } from '../../../apimachinery/status.ts';
import type { AllocationResult, Pod, ResourceClaim } from '../../../apimachinery/types.ts';
import { sleep } from '../../../client/backoff.ts';
import { type Client, ConnectionError } from '../../../client/client.ts';
import type { Handle } from '../../framework.ts';
import { claimText } from './allocation/requests.ts';

/** Client-go's DefaultRetry. */
const tries = 5;

export interface Binding {
  pod: Pod;
  claim: ResourceClaim;
  /** Of a claim that had none. */
  allocation: AllocationResult | undefined;
}

/** Resolves with the claim as it is then. Rejects when another was faster or the server refuses; nothing is written then. */
export async function bindClaim(handle: Handle, binding: Binding, signal: AbortSignal): Promise<ResourceClaim> {
  const { client } = handle;
  const { metadata } = binding.claim;
  let now = binding.claim;
  for (let attempt = 1; ; attempt++) {
    try {
      return await write(client, { ...binding, claim: now });
    } catch (error) {
      const cause = (error as Error).cause;
      if (isUnclear(cause)) return readBack(handle, binding, error as Error, signal);
      if (!isReason(cause, 'Conflict') || attempt === tries) throw error;
    }
    now = await client.get(resourceClaims, metadata.name, metadata.namespace);
    if (now.metadata.uid !== metadata.uid) throw new Error(`claim ${claimText(now)} got replaced in the meantime`);
  }
}

async function write(client: Client, { pod, claim, allocation }: Binding): Promise<ResourceClaim> {
  const name = claimText(claim);
  if (claim.metadata.deletionTimestamp) throw new Error(`claim ${name} got deleted in the meantime`);
  if (isReservedFor(pod, claim)) return claim;
  if (allocation && claim.status?.allocation) throw new Error(`claim ${name} got allocated elsewhere in the meantime`);
  const isProtected = claim.metadata.finalizers?.includes(deleteProtection);
  const now = allocation && !isProtected ? await addFinalizer(client, claim) : claim;
  const status = { ...now.status, ...(allocation && { allocation }) };
  status.reservedFor = [...(now.status?.reservedFor ?? []), consumerOf(pod)];
  const what = allocation ? 'allocation and reservation' : 'reservation';
  return explained(client.updateStatus(resourceClaims, { ...now, status }), `add ${what} to claim ${name}`);
}

/** A finalizer cannot come with the status. */
function addFinalizer(client: Client, claim: ResourceClaim): Promise<ResourceClaim> {
  const finalizers = [...(claim.metadata.finalizers ?? []), deleteProtection];
  const changed = { ...claim, metadata: { ...claim.metadata, finalizers } };
  return explained(client.update(resourceClaims, changed), `add finalizer to claim ${claimText(claim)}`);
}

async function explained<T>(write: Promise<T>, what: string): Promise<T> {
  try {
    return await write;
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

const isUnclear = (error: unknown): boolean =>
  error instanceof ConnectionError || (error instanceof StatusError && error.code >= 500);

/**
 * Nobody said whether the claim was written. Its devices stay taken until the API server tells: given to another claim too
 * early, both would have them. Rejects with `failure` when it was not.
 */
async function readBack(
  { client, clock, random }: Handle,
  { pod, claim }: Binding,
  failure: Error,
  signal: AbortSignal,
): Promise<ResourceClaim> {
  const { name, namespace } = claim.metadata;
  for (let wait = 100; !signal.aborted; wait = Math.min(wait * 2, 5000)) {
    try {
      const now = await client.get(resourceClaims, name, namespace);
      if (isReservedFor(pod, now)) return now;
      break;
    } catch (error) {
      if (isReason(error, 'NotFound')) break;
      await sleep(clock, wait * (0.5 + random()), signal);
    }
  }
  throw failure;
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
