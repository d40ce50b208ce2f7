// Who uses a claim, who waits for a template, whose claims are there: indexes on pods and claims.
// Mirrors: podResourceClaimIndexFunc and claimPodOwnerIndexFunc in pkg/controller/resourceclaim/controller.go.
import { pods, resourceClaims } from '../../apimachinery/resources.ts';
import type { Pod, ResourceClaim } from '../../apimachinery/types.ts';
import type { Informer, InformerFactory } from '../../client/informer.ts';
import { controllerOf } from '../common/owners.ts';
import { claimKeysOf } from './keys.ts';

const byClaim = 'resourceClaims';
const byTemplate = 'resourceClaimTemplates';
const byPod = 'pod';

/** The pod that a claim was made for. */
export function ownerPod(claim: ResourceClaim): { name: string; uid: string } | undefined {
  const owner = controllerOf(claim);
  return owner?.apiVersion === 'v1' && owner.kind === 'Pod' ? owner : undefined;
}

/** Those that it names and that are not made yet. */
const templateKeysOf = ({ metadata, spec }: Pod): string[] =>
  (spec?.resourceClaims ?? [])
    .filter((entry) => entry.resourceClaimTemplateName !== undefined)
    .map((entry) => `${metadata.namespace}/${entry.resourceClaimTemplateName}`);

/** Call in the controller's setup. */
export function indexAll(informers: InformerFactory): void {
  informers.informer(pods).addIndex(byClaim, claimKeysOf);
  informers.informer(pods).addIndex(byTemplate, templateKeysOf);
  informers.informer(resourceClaims).addIndex(byPod, (claim) => {
    const owner = ownerPod(claim);
    return owner ? [owner.uid] : [];
  });
}

export const podsOfClaim = (informers: InformerFactory, key: string): Pod[] =>
  informers.informer(pods).byIndex(byClaim, key);
export const podsOfTemplate = (informers: InformerFactory, key: string): Pod[] =>
  informers.informer(pods).byIndex(byTemplate, key);
export const claimsOfPod = (claims: Informer<ResourceClaim>, uid: string): ResourceClaim[] =>
  claims.byIndex(byPod, uid);
