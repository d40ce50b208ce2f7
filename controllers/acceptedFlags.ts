// Flags of upstream's kube-controller-manager that are taken so that its command lines work, and change nothing here.
// Data. Mirrors: cmd/kube-controller-manager/app/options of v1.35. Used by: flags.ts, where one that gets a meaning overrides its row.
import { acceptedByDaemons } from '../component-base/acceptedFlags.ts';
import type { Flag } from '../component-base/flags.ts';
import { count, flag, text, time } from '../component-base/takenFlags.ts';

const why = {
  volumes: 'Taken for compatibility: no volume plugin is built in.',
  period: 'Taken for compatibility: what changes is seen by watching.',
} as const;

/** Of every controller manager. */
export const acceptedByAll = {
  ...acceptedByDaemons,
  'min-resync-period': time(why.period, 43_200),
  'controller-start-interval': time('Taken for compatibility: controllers start together.', 0),
  'controller-shutdown-timeout': time(
    'Taken for compatibility: what is under way is finished, then the process ends.',
    10,
  ),
  'enable-leader-migration': flag('Taken for compatibility: there is nothing to migrate from.'),
  'leader-migration-config': text('Taken for compatibility: there is nothing to migrate from.'),
} as const satisfies Record<string, Flag>;

export const accepted = {
  ...acceptedByAll,
  'cidr-allocator-type': text('Taken for compatibility: the ranges are ours to give.', 'RangeAllocator'),
  'concurrent-device-taint-eviction-syncs': count('Taken for compatibility: that feature is off.', 10),
  'external-cloud-volume-plugin': text(why.volumes),
  'flex-volume-plugin-dir': text(why.volumes, '/usr/libexec/kubernetes/kubelet-plugins/volume/exec/'),
  'namespace-sync-period': time(why.period, 300),
  'pv-recycler-increment-timeout-nfs': count(why.volumes, 30),
  'pv-recycler-minimum-timeout-hostpath': count(why.volumes, 60),
  'pv-recycler-minimum-timeout-nfs': count(why.volumes, 300),
  'pv-recycler-pod-template-filepath-hostpath': text(why.volumes),
  'pv-recycler-pod-template-filepath-nfs': text(why.volumes),
  'pv-recycler-timeout-increment-hostpath': count(why.volumes, 30),
} as const satisfies Record<string, Flag>;
