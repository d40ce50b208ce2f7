// The flags of attach and detach, with upstream's names and defaults.
// Mirrors: cmd/kube-controller-manager/app/options/attachdetachcontroller.go. Used by: ../flags.ts.
import { type Config, type Flags, UsageError } from '../../component-base/flags.ts';
import type { AttachDetachOptions } from './attachDetach.ts';

export const attachDetachFlags = {
  'disable-attach-detach-reconcile-sync': {
    type: 'bool',
    default: false,
    help: 'Look at attached volumes only when something happens to them, not from time to time as well.',
  },
  'attach-detach-reconcile-sync-period': {
    type: 'duration',
    default: 60_000,
    help: 'How often all attached volumes are looked at. A second or more.',
  },
  'disable-force-detach-on-timeout': {
    type: 'bool',
    default: false,
    help: 'Never take a volume from an unhealthy node that still uses it, however long it takes.',
  },
} as const satisfies Flags;

/** Throws UsageError. */
export function attachDetachOptions(c: Config<typeof attachDetachFlags>): AttachDetachOptions {
  const period = c['attach-detach-reconcile-sync-period'];
  if (period < 1000)
    throw new UsageError('--attach-detach-reconcile-sync-period must be a second or more, such as 1m.');
  return {
    syncPeriod: c['disable-attach-detach-reconcile-sync'] ? 0 : period,
    neverForce: c['disable-force-detach-on-timeout'],
  };
}
