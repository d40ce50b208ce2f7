// Carries out what the plans say. Each write is checked by its resourceVersion, and each step stands by itself: whoever is killed
// between two of them leaves a state from which the next look goes on.
// Writes: persistentvolumes and persistentvolumeclaims with their status, Events. Used by: persistentVolume.ts.
// Mirrors: bind, bindVolumeToClaim, bindClaimToVolume, unbindVolume, updateVolumePhase in persistentvolume/pv_controller.go.
import { persistentVolumeClaims, persistentVolumes } from '../../apimachinery/resources.ts';
import { boundTo, claimWithVolume, volumeSetFree } from '../../apimachinery/storage/binding.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { Latest } from '../common/latest.ts';
import type { Notice } from './planClaim.ts';
import { claimStatus } from './status.ts';

export interface Binder {
  client: Client;
  events: EventRecorder;
  claims: Latest<PersistentVolumeClaim>;
  volumes: Latest<PersistentVolume>;
}

export const writeVolume = async (b: Binder, volume: PersistentVolume): Promise<PersistentVolume> =>
  b.volumes.wrote(await b.client.update(persistentVolumes, volume));

export const writeClaim = async (b: Binder, claim: PersistentVolumeClaim): Promise<PersistentVolumeClaim> =>
  b.claims.wrote(await b.client.update(persistentVolumeClaims, claim));

export async function setPhase(
  b: Binder,
  volume: PersistentVolume,
  phase: string,
  message?: string,
): Promise<PersistentVolume> {
  if (volume.status?.phase === phase) return volume;
  const { message: _, ...old } = volume.status ?? {};
  const status = { ...old, phase, ...(message ? { message } : {}) };
  return b.volumes.wrote(await b.client.updateStatus(persistentVolumes, { ...volume, status }));
}

export async function setClaimPhase(
  b: Binder,
  claim: PersistentVolumeClaim,
  phase: 'Pending' | 'Bound' | 'Lost',
  volume?: PersistentVolume,
): Promise<PersistentVolumeClaim> {
  const status = claimStatus(claim, phase, volume);
  return status ? b.claims.wrote(await b.client.updateStatus(persistentVolumeClaims, { ...claim, status })) : claim;
}

/** The volume first: from then on no other claim can get it. */
export async function bind(b: Binder, volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<undefined> {
  const tied = boundTo(volume, claim);
  const v = await setPhase(b, tied === volume ? volume : await writeVolume(b, tied), 'Bound');
  const named = claimWithVolume(claim, v);
  await setClaimPhase(b, named === claim ? claim : await writeClaim(b, named), 'Bound', v);
}

export async function setFree(b: Binder, volume: PersistentVolume): Promise<void> {
  await setPhase(b, await writeVolume(b, volumeSetFree(volume)), 'Available');
}

/** Told when it becomes so, not at each look. */
export async function lose(b: Binder, claim: PersistentVolumeClaim, { type, reason, message }: Notice): Promise<void> {
  if (claim.status?.phase === 'Lost') return;
  b.events.event(await setClaimPhase(b, claim, 'Lost'), type, reason, message);
}

export async function fail(b: Binder, volume: PersistentVolume, reason: string, message: string): Promise<void> {
  if (volume.status?.phase === 'Failed') return;
  b.events.event(await setPhase(b, volume, 'Failed', message), 'Warning', reason, message);
}
