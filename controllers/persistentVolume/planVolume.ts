// What is to be done about a volume: its phase, its tie undone, or what becomes of it once its claim has gone.
// Pure. Mirrors: syncVolume and reclaimVolume in pkg/controller/volume/persistentvolume/pv_controller.go.
// Used by: persistentVolume.ts. Next: act.ts carries it out, reclaim.ts the end.
import { migratedTo, provisionedBy } from '../../apimachinery/storage/annotations.ts';
import { hasAnnotation } from '../../apimachinery/storage/claims.ts';
import { hasSameMode } from '../../apimachinery/storage/matching.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../apimachinery/types.ts';
import type { Notice } from './planClaim.ts';

export interface VolumePlan {
  phase?: 'Available' | 'Bound' | 'Released';
  /** Its claim is bound elsewhere: let it go. */
  setFree?: boolean;
  reclaim?: 'Delete' | 'Recycle' | 'Unknown';
  /** On the volume and on its claim. */
  notices?: { volume: Notice; claim: Notice };
}

/** `claim` is the one of that name and uid; undefined: gone, and the server was asked. */
export function planVolume(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumePlan {
  // Without a uid it is reserved for a claim to come.
  if (!volume.spec?.claimRef?.uid) return { phase: 'Available' };
  if (!claim) return released(volume);
  // Half bound: the claim, which the same event has woken, goes on from here.
  if (!claim.spec?.volumeName) return hasSameMode(volume, claim) ? {} : mismatch(volume, claim);
  if (claim.spec.volumeName === volume.metadata.name) return { phase: 'Bound' };
  // Made for a claim that got another meanwhile: nobody needs it.
  const isSurplus = hasAnnotation(volume, provisionedBy) && policyOf(volume) === 'Delete';
  return isSurplus ? released(volume) : { setFree: true };
}

const policyOf = (volume: PersistentVolume) => volume.spec?.persistentVolumeReclaimPolicy;

/** That it failed is left to be seen, while it is tried on. */
function released(volume: PersistentVolume): VolumePlan {
  const phase = volume.status?.phase === 'Failed' ? undefined : ('Released' as const);
  if (hasAnnotation(volume, migratedTo)) return { phase };
  switch (policyOf(volume)) {
    case 'Retain':
      return { phase };
    case 'Delete':
      return { phase, reclaim: 'Delete' };
    case 'Recycle':
      return { phase, reclaim: 'Recycle' };
    default:
      return { phase, reclaim: 'Unknown' };
  }
}

function mismatch({ metadata }: PersistentVolume, claim: PersistentVolumeClaim): VolumePlan {
  const warning = (message: string): Notice => ({ type: 'Warning', reason: 'VolumeMismatch', message });
  const end = 'due to incompatible volumeMode.';
  return {
    notices: {
      volume: warning(
        `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claim.metadata.name}" ${end}`,
      ),
      claim: warning(`Cannot bind PersistentVolume "${metadata.name}" to requested PersistentVolumeClaim ${end}`),
    },
  };
}

/** The claim is gone or has another volume: what the volume holds may be deleted. */
export function isReleased(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): boolean {
  const uid = volume.spec?.claimRef?.uid;
  if (!uid) return false;
  if (claim?.metadata.uid !== uid) return true;
  return Boolean(claim.spec?.volumeName) && claim.spec!.volumeName !== volume.metadata.name;
}
