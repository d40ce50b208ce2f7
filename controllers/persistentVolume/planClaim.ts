// What is to be done about a claim: bind it, leave it waiting, have a volume made, or say that it is lost.
// Pure. Mirrors: syncClaim, syncUnboundClaim and syncBoundClaim in pkg/controller/volume/persistentvolume/pv_controller.go.
// Used by: persistentVolume.ts. Next: act.ts carries it out.
import { bindCompleted, boundByController } from '../../apimachinery/storage/annotations.ts';
import {
  classOf,
  defaultClass,
  hasAnnotation,
  hasClass,
  isProvisionedForNode,
  waitsForConsumer,
} from '../../apimachinery/storage/claims.ts';
import { findVolume, isMeantFor, whyUnfit } from '../../apimachinery/storage/matching.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../apimachinery/types.ts';

export interface Notice {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

export type ClaimPlan =
  | { do: 'bind'; volume: PersistentVolume }
  /** `error`: it must not stay so; look again. */
  | { do: 'wait'; notice?: Notice; error?: string }
  | { do: 'lose'; notice: Notice }
  | { do: 'setClass'; name: string }
  /** No such class: the person has to be told. */
  | { do: 'provision'; storageClass: StorageClass | undefined; className: string };

export interface ClaimWorld {
  /** By name; the newest that is known. */
  volume(name: string): PersistentVolume | undefined;
  /** Those of its class, and those that are tied to it. */
  candidates: readonly PersistentVolume[];
  classes: readonly StorageClass[];
  /** Names of living pods that use the claim and have no node yet. */
  podsToSchedule: readonly string[];
}

const normal = (reason: string, message: string): Notice => ({ type: 'Normal', reason, message });
const warning = (reason: string, message: string): Notice => ({ type: 'Warning', reason, message });

export const planClaim = (claim: PersistentVolumeClaim, world: ClaimWorld): ClaimPlan =>
  hasAnnotation(claim, bindCompleted) ? planBound(claim, world) : planUnbound(claim, world);

function planUnbound(claim: PersistentVolumeClaim, world: ClaimWorld): ClaimPlan {
  if (claim.spec?.volumeName) return planNamed(claim, claim.spec.volumeName, world);
  const storageClass = world.classes.find((c) => c.metadata.name === classOf(claim));
  const waits = waitsForConsumer(storageClass);
  const volume = findVolume(claim, world.candidates, waits);
  if (volume) return { do: 'bind', volume };
  const byDefault = hasClass(claim) ? undefined : defaultClass(world.classes);
  if (byDefault) return { do: 'setClass', name: byDefault.metadata.name };
  if (waits && !isProvisionedForNode(claim)) return { do: 'wait', notice: waitingFor(world.podsToSchedule) };
  if (classOf(claim)) return { do: 'provision', storageClass, className: classOf(claim) };
  const message = 'no persistent volumes available for this claim and no storage class is set';
  return { do: 'wait', notice: normal('FailedBinding', message) };
}

function waitingFor(pods: readonly string[]): Notice {
  if (!pods.length) return normal('WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
  return normal(
    'WaitForPodScheduled',
    `waiting for pod${pods.length > 1 ? 's' : ''} ${pods.join(',')} to be scheduled`,
  );
}

/** Its author wants this volume and no other. */
function planNamed(claim: PersistentVolumeClaim, name: string, world: ClaimWorld): ClaimPlan {
  const volume = world.volume(name);
  if (!volume) return { do: 'wait' };
  if (!volume.spec?.claimRef) {
    const why = whyUnfit(volume, claim);
    if (!why) return { do: 'bind', volume };
    return { do: 'wait', notice: warning('VolumeMismatch', `Cannot bind to requested volume "${name}": ${why}`) };
  }
  if (isMeantFor(volume, claim)) return { do: 'bind', volume };
  const notice = warning('FailedBinding', `volume "${name}" already bound to a different claim.`);
  if (!hasAnnotation(claim, boundByController)) return { do: 'wait', notice };
  const { claimRef } = volume.spec;
  const other = `${claimRef.namespace}/${claimRef.name}`;
  const key = `${claim.metadata.namespace}/${claim.metadata.name}`;
  const error = `invalid binding of claim "${key}" to volume "${name}": volume already claimed by "${other}"`;
  return { do: 'wait', notice, error };
}

function planBound(claim: PersistentVolumeClaim, world: ClaimWorld): ClaimPlan {
  const lose = (reason: string, message: string): ClaimPlan => ({ do: 'lose', notice: warning(reason, message) });
  const name = claim.spec?.volumeName;
  if (!name)
    return lose('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
  const volume = world.volume(name);
  if (!volume) return lose('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  const { claimRef } = volume.spec ?? {};
  if (!claimRef || claimRef.uid === claim.metadata.uid) return { do: 'bind', volume };
  return lose('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
}
