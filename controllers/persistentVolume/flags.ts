// The flags of the storage controllers, with upstream's names and defaults. Those of attach and detach stand with them.
// Mirrors: cmd/kube-controller-manager/app/options/{persistentvolumebindercontroller,ephemeralvolumecontroller}.go. Used by: ../flags.ts.
import type { Flags } from '../../component-base/flags.ts';

export const storageFlags = {
  'pvclaimbinder-sync-period': {
    type: 'duration',
    default: 15_000,
    help: 'How often claims without a volume and volumes that are to go are looked at again.',
  },
  'enable-dynamic-provisioning': {
    type: 'bool',
    default: true,
    help: 'Have volumes made for claims whose StorageClass names a provisioner.',
  },
  'enable-hostpath-provisioner': {
    type: 'bool',
    default: false,
    help: 'Make volumes of class provisioner kubernetes.io/host-path: directories below /tmp on this machine, for tests.',
  },
  'concurrent-ephemeralvolume-syncs': {
    type: 'int',
    default: 5,
    help: "How many pods' ephemeral volumes are reconciled at the same time.",
  },
} as const satisfies Flags;
