// Flags of upstream's kube-apiserver that are taken so that its command lines work, and change nothing here.
// Data. Mirrors: cmd/kube-apiserver/app/options and k8s.io/apiserver's options of v1.35. What switches a feature on that is
// not there (audit, webhooks, OIDC, encryption at rest) is no row of this table: it is refused. Used by: flags.ts.
import { acceptedByEvery } from '../component-base/acceptedFlags.ts';
import type { Flag } from '../component-base/flags.ts';
import { count, flag, list, text, time } from '../component-base/takenFlags.ts';

const why = {
  cache: 'Taken for compatibility: the watch cache grows and shrinks with what there is.',
  store: 'Taken for compatibility: the health and the size of the store are asked for when somebody asks.',
  stop: 'Taken for compatibility: watches end with a bookmark when the server stops.',
  off: 'Taken for compatibility: that feature is off.',
  peers: 'Taken for compatibility: servers of one store do not call one another.',
} as const;

export const accepted = {
  ...acceptedByEvery,
  'default-watch-cache-size': count(why.cache, 100),
  'watch-cache-sizes': list(why.cache),
  'delete-collection-workers': count('Taken for compatibility: a collection is deleted by one worker.', 1),
  'enable-garbage-collector': flag('Taken for compatibility: the controller manager has the garbage collector.', true),
  'enable-logs-handler': flag('Taken for compatibility: there is no folder of logs to show.'),
  'enable-priority-and-fairness': flag(
    'Taken for compatibility: --max-requests-inflight and --max-mutating-requests-inflight are the limits.',
    true,
  ),
  'endpoint-reconciler-type': {
    ...text('How the endpoints of the Service kubernetes are kept.', 'lease'),
    values: ['lease'],
  },
  'etcd-count-metric-poll-period': time(why.store, 60),
  'etcd-db-metric-poll-interval': time(why.store, 30),
  'etcd-healthcheck-timeout': time(why.store, 2),
  'etcd-readycheck-timeout': time(why.store, 2),
  'storage-initialization-timeout': time('Taken for compatibility: readyz fails until the store is there.', 60),
  'lease-reuse-duration-seconds': count('Taken for compatibility: leases of the store are shared.', 60),
  'kubelet-port': count('Taken for compatibility: a Node says its port.', 10_250),
  'kubelet-read-only-port': count('Taken for compatibility: a Node says its port.', 10_255),
  'kubelet-timeout': time('Taken for compatibility: a request to a kubelet ends with the one it serves.', 5),
  'livez-grace-period': time('Taken for compatibility: livez does not wait for the start.', 0),
  'max-connection-bytes-per-sec': count('Taken for compatibility: connections of users are not slowed down.', 0),
  'shutdown-send-retry-after': flag(why.stop),
  'shutdown-watch-termination-grace-period': time(why.stop, 0),
  'coordinated-leadership-lease-duration': time(why.off, 15),
  'coordinated-leadership-renew-deadline': time(why.off, 10),
  'coordinated-leadership-retry-period': time(why.off, 2),
  'peer-advertise-ip': text(why.peers),
  'peer-advertise-port': text(why.peers),
  'peer-ca-file': text(why.peers),
  'runtime-config-emulation-forward-compatible': flag('Taken for compatibility: it is v1.35.'),
} as const satisfies Record<string, Flag>;
