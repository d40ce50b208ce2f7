// Looks after ResourceClaims: makes those of templates for their pods, keeps the list of users true, and lets devices go that nobody uses.
// Reads: pods, resourceclaims, resourceclaimtemplates. Writes: resourceclaims and their status, pods/status, Events.
// Mirrors: pkg/controller/resourceclaim/controller.go. Next along the chain: syncPod.ts, syncClaim.ts; then the scheduler allocates.
import { pods as podResource, resourceClaims, resourceClaimTemplates } from '../../apimachinery/resources.ts';
import type { Pod, ResourceClaim } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { createDeletedPods } from './deletedPods.ts';
import { indexAll, podsOfClaim, podsOfTemplate } from './indexes.ts';
import { claimKey, claimKeysOf, needsClaims, needsWork, podKey, splitPrefix, usesClaims } from './keys.ts';
import { createMade } from './made.ts';
import { createClaimMetrics } from './metrics.ts';
import { syncClaim } from './syncClaim.ts';
import { syncPod } from './syncPod.ts';

export interface ResourceClaimOptions {
  /** --concurrent-resource-claim-syncs */
  workers?: number;
  /** The feature gate DRAAdminAccess. */
  adminAccess?: boolean;
}

export function resourceClaimController({ workers = 50, adminAccess = true }: ResourceClaimOptions = {}): Controller {
  let deleted: ReturnType<typeof createDeletedPods>;
  let made: ReturnType<typeof createMade>;
  let claimMetrics: ReturnType<typeof createClaimMetrics>;
  return {
    name: 'resourceclaim-controller',
    serviceAccount: 'resource-claim-controller',
    eventSource: 'resource_claim',
    workers,
    watches: [
      watch({ resource: podResource, keys: keysOfPod }),
      watch({ resource: resourceClaims, keys: keysOfClaim }),
      watch({
        resource: resourceClaimTemplates,
        keys: (template, { informers }) => podsOfTemplate(informers, keyOf(template)).map(podKey),
        when: () => false,
      }),
    ],
    setup({ informers, metrics }) {
      indexAll(informers);
      deleted = createDeletedPods(informers.informer(podResource));
      made = createMade(informers.informer(resourceClaims));
      claimMetrics = createClaimMetrics(informers.informer(resourceClaims), metrics);
    },
    async reconcile(key, context) {
      const { kind, object } = splitPrefix(key);
      if (kind === 'pod') await syncPod(object, { ...context, made, claimMetrics, adminAccess });
      else await syncClaim(object, { ...context, deleted });
      return undefined;
    },
  };
}

/** The claims that a pod no longer needs, and the pod itself when something is to be done for it. */
function keysOfPod(pod: Pod, { informers }: ControllerContext): string[] {
  if (!usesClaims(pod)) return [];
  const isDeleted = informers.informer(podResource).get(keyOf(pod))?.metadata.uid !== pod.metadata.uid;
  const released = isDeleted || !needsClaims(pod) ? claimKeysOf(pod).map(claimKey) : [];
  const claims = informers.informer(resourceClaims);
  return !isDeleted && needsWork(pod, (key) => claims.get(key)) ? [...released, podKey(pod)] : released;
}

/** The claim, unless it is gone, and pods that use it. */
function keysOfClaim(claim: ResourceClaim, context: ControllerContext): string[] {
  const key = keyOf(claim);
  const { informers } = context;
  const users = podsOfClaim(informers, key).flatMap((pod) => keysOfPod(pod, context));
  return informers.informer(resourceClaims).get(key) ? [claimKey(key), ...users] : users;
}
