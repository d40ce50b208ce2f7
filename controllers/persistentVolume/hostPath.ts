// The one built-in provisioner: directories below /tmp on the machine of the controller manager. For tests of one machine;
// --enable-hostpath-provisioner turns the making on, the deleting is always there.
// Writes: directories. Mirrors: pkg/volume/hostpath/host_path.go. Used by: provision.ts, reclaim.ts.
import { chmod, mkdir, rm } from 'node:fs/promises';
import { normalize } from 'node:path';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../apimachinery/types.ts';

export const hostPathPlugin = 'kubernetes.io/host-path';
const parent = '/tmp/hostpath_pv';

/** Makes the directory and says which volume stands for it. Once more for the same claim: the same. */
export async function provisionHostPath(claim: PersistentVolumeClaim, storageClass: StorageClass) {
  const path = `${parent}/${claim.metadata.uid}`;
  await mkdir(path, { recursive: true });
  await chmod(path, 0o750);
  return {
    metadata: { annotations: { 'kubernetes.io/createdby': 'hostpath-dynamic-provisioner' } as Record<string, string> },
    spec: {
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy,
      accessModes: claim.spec?.accessModes?.length ? claim.spec.accessModes : ['ReadWriteOnce'],
      capacity: { storage: claim.spec?.resources?.requests?.storage ?? '0' },
      hostPath: { path },
    } satisfies PersistentVolume['spec'],
  };
}

/** Rejects for a path that no test would use: nobody else's files are to go. */
export async function deleteHostPath(path: string): Promise<void> {
  if (!/^\/tmp\/.+/.test(path) || normalize(path) !== path.replace(/\/+$/, ''))
    throw new Error(`host_path deleter only supports /tmp/.+ but received provided ${path}`);
  await rm(path, { recursive: true, force: true });
}
