// Flags of upstream's kube-controller-manager that are taken so that its command lines work, and change nothing here.
// Data. Mirrors: cmd/kube-controller-manager/app/options of v1.35. Used by: flags.ts, where one that gets a meaning overrides its row.
import type { Flag } from '../component-base/flags.ts';

const why = {
  client: 'Taken for compatibility: the API server holds back by priority, the client does not.',
  auth: 'Taken for compatibility: health and metrics are open to whoever can reach the port.',
  serving: 'Taken for compatibility: Node decides.',
  log: 'Taken for compatibility: the log is lines of JSON.',
  metrics: 'Taken for compatibility.',
  volumes: 'Taken for compatibility: no volume plugin is built in.',
  period: 'Taken for compatibility: what changes is seen by watching.',
} as const;

const text = (help: string, fallback = '') => ({ type: 'string', default: fallback, help }) as const;
const flag = (help: string, fallback = false) => ({ type: 'bool', default: fallback, help }) as const;
const time = (help: string, seconds: number) => ({ type: 'duration', default: seconds * 1000, help }) as const;
const count = (help: string, fallback: number) => ({ type: 'int', default: fallback, help }) as const;
const list = (help: string) => ({ type: 'list', default: [] as string[], help }) as const;

/** Of every daemon with a secure port and a client. */
export const acceptedByAll = {
  master: text('Taken for compatibility: the kubeconfig says where the API server is.'),
  'authentication-kubeconfig': text(why.auth),
  'authorization-kubeconfig': text(why.auth),
  'authentication-skip-lookup': flag(why.auth),
  'authentication-tolerate-lookup-failure': flag(why.auth),
  'authentication-token-webhook-cache-ttl': time(why.auth, 10),
  'authorization-always-allow-paths': list(why.auth),
  'authorization-webhook-cache-authorized-ttl': time(why.auth, 10),
  'authorization-webhook-cache-unauthorized-ttl': time(why.auth, 10),
  'client-ca-file': text(why.auth),
  'requestheader-client-ca-file': text(why.auth),
  'requestheader-allowed-names': list(why.auth),
  'requestheader-extra-headers-prefix': list(why.auth),
  'requestheader-group-headers': list(why.auth),
  'requestheader-uid-headers': list(why.auth),
  'requestheader-username-headers': list(why.auth),
  'cert-dir': text(why.serving),
  'disable-http2-serving': flag(why.serving),
  'http2-max-streams-per-connection': count(why.serving, 0),
  'permit-address-sharing': flag(why.serving),
  'permit-port-sharing': flag(why.serving),
  'tls-cipher-suites': list(why.serving),
  'tls-min-version': text(why.serving),
  'tls-sni-cert-key': list(why.serving),
  'kube-api-qps': text(why.client, '20'),
  'kube-api-burst': count(why.client, 30),
  'kube-api-content-type': text('Taken for compatibility: JSON is spoken.', 'application/vnd.kubernetes.protobuf'),
  'min-resync-period': time(why.period, 43_200),
  'controller-start-interval': time('Taken for compatibility: controllers start together.', 0),
  profiling: flag(why.metrics, true),
  'contention-profiling': flag(why.metrics),
  'allow-metric-labels': { type: 'map', default: {}, help: why.metrics, bareKeys: true },
  'allow-metric-labels-manifest': text(why.metrics),
  'disabled-metrics': list(why.metrics),
  'show-hidden-metrics-for-version': text(why.metrics),
  'emulated-version': list('Taken for compatibility: it is v1.35.'),
  'emulation-forward-compatible': flag('Taken for compatibility: it is v1.35.'),
  'min-compatibility-version': list('Taken for compatibility: it is v1.35.'),
  'enable-leader-migration': flag('Taken for compatibility: there is nothing to migrate from.'),
  'leader-migration-config': text('Taken for compatibility: there is nothing to migrate from.'),
  'logging-format': text(why.log, 'text'),
  'log-flush-frequency': time(why.log, 5),
  'log-json-info-buffer-size': text(why.log, '0'),
  'log-json-split-stream': flag(why.log),
  'log-text-info-buffer-size': text(why.log, '0'),
  'log-text-split-stream': flag(why.log),
  vmodule: text(why.log),
} as const satisfies Record<string, Flag>;

export const accepted = {
  ...acceptedByAll,
  'cidr-allocator-type': text('Taken for compatibility: the ranges are ours to give.', 'RangeAllocator'),
  'concurrent-device-taint-eviction-syncs': count('Taken for compatibility: that feature is off.', 10),
  'concurrent-resource-claim-syncs': count('How many resource claims are reconciled at the same time.', 50),
  'concurrent-validating-admission-policy-status-syncs': count('How many policies are checked at the same time.', 5),
  'endpoint-updates-batch-period': time('How long changes of pods are gathered before Endpoints are written.', 0),
  'endpointslice-updates-batch-period': time('How long changes of pods are gathered before slices are written.', 0),
  'mirroring-concurrent-service-endpoint-syncs': count('How many Endpoints are mirrored at the same time.', 5),
  'mirroring-endpointslice-updates-batch-period': time('How long changes are gathered before slices are mirrored.', 0),
  'mirroring-max-endpoints-per-subset': count('How many endpoints of a subset are mirrored at most.', 1000),
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
