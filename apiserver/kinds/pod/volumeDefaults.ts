// Defaults of volumes: the kind of volume, file modes, and the historical ones of each plugin.
// Mirrors: SetDefaults_Volume and the +default markers of staging/src/k8s.io/api/core/v1/types.go.
// Called by: defaults.ts and ../persistentVolume.ts.
import { roundResources } from '../resourceLists.ts';
import { pullPolicyFor } from './defaults.ts';

const plainMode = 0o644;

function defaultFieldRefs(items: any[] | undefined): void {
  for (const item of items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1';
}

function defaultProjected(projected: any): void {
  projected.defaultMode ??= plainMode;
  // Go writes the list out, empty or not.
  projected.sources ??= null;
  for (const source of projected.sources ?? []) {
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
    if (source.podCertificate) source.podCertificate.maxExpirationSeconds ??= 86400;
    defaultFieldRefs(source.downwardAPI?.items);
  }
}

/** What each plugin's fields mean when they are left out. */
const byPlugin: Record<string, (source: any) => void> = {
  secret: (s) => {
    s.defaultMode ??= plainMode;
  },
  configMap: (s) => {
    s.defaultMode ??= plainMode;
  },
  downwardAPI: (s) => {
    s.defaultMode ??= plainMode;
    defaultFieldRefs(s.items);
  },
  projected: defaultProjected,
  hostPath: (s) => {
    s.type ??= '';
  },
  image: (s) => {
    s.pullPolicy ||= pullPolicyFor(s.reference ?? '');
  },
  ephemeral: (s) => {
    const claim = s.volumeClaimTemplate?.spec;
    if (!claim) return;
    claim.volumeMode ??= 'Filesystem';
    roundResources(claim.resources);
  },
  iscsi: (s) => {
    s.iscsiInterface ||= 'default';
  },
  rbd: (s) => {
    s.pool ||= 'rbd';
    s.user ||= 'admin';
    s.keyring ||= '/etc/ceph/keyring';
  },
  azureDisk: (s) => {
    s.cachingMode ??= 'ReadWrite';
    s.kind ??= 'Shared';
    s.fsType ??= 'ext4';
    s.readOnly ??= false;
  },
  scaleIO: (s) => {
    s.storageMode ||= 'ThinProvisioned';
    s.fsType ||= 'xfs';
  },
};

/** Of whatever sources the holder has, a pod's volume or a PersistentVolume's spec; returns how many entries it has besides its name. */
export function defaultSources(holder: any): number {
  let entries = 0;
  for (const plugin in holder) {
    if (plugin === 'name' || holder[plugin] === null || holder[plugin] === undefined) continue;
    entries++;
    byPlugin[plugin]?.(holder[plugin]);
  }
  return entries;
}

export function defaultVolume(volume: any): void {
  if (defaultSources(volume) === 0) volume.emptyDir = {};
}
