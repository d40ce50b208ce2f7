// Times and limits are shortened in tests by upstream's flags; without flags they are upstream's, component by component.
import { expect, it } from 'vitest';
import { flags as apiserver } from '../../apiserver/flags.ts';
import type { Flags } from '../../component-base/flags.ts';
import { flags as controllers } from '../../controllers/flags.ts';
import { kubeletFlags as kubelet } from '../../kubelet/config.ts';
import { flags as proxy } from '../../proxy/flags.ts';
import { flags as scheduler } from '../../scheduler/flags.ts';

const s = 1000;
const election = {
  'leader-elect': true,
  'leader-elect-lease-duration': 15 * s,
  'leader-elect-renew-deadline': 10 * s,
  'leader-elect-retry-period': 2 * s,
  'leader-elect-resource-lock': 'leases',
  'leader-elect-resource-namespace': 'kube-system',
};

/** What `<component> --help` of v1.35 says; durations in milliseconds. */
const upstream: [name: string, flags: Flags, defaults: Record<string, unknown>][] = [
  [
    'kube-apiserver',
    apiserver,
    {
      'secure-port': 6443,
      'bind-address': '0.0.0.0',
      'etcd-prefix': '/registry',
      'etcd-compaction-interval': 300 * s,
      'event-ttl': 3600 * s,
      'request-timeout': 60 * s,
      'min-request-timeout': 1800,
      'max-requests-inflight': 400,
      'max-mutating-requests-inflight': 200,
      'default-not-ready-toleration-seconds': 300,
      'default-unreachable-toleration-seconds': 300,
      'service-node-port-range': '30000-32767',
      'shutdown-delay-duration': 0,
      'service-account-max-token-expiration': 0,
      'anonymous-auth': true,
      'allow-privileged': false,
      'watch-cache': true,
    },
  ],
  [
    'kube-controller-manager',
    controllers,
    {
      ...election,
      'leader-elect-resource-name': 'kube-controller-manager',
      'secure-port': 10257,
      'bind-address': '0.0.0.0',
      controllers: ['*'],
      'node-monitor-period': 5 * s,
      'node-monitor-grace-period': 50 * s,
      'node-startup-grace-period': 60 * s,
      'node-eviction-rate': '0.1',
      'secondary-node-eviction-rate': '0.01',
      'large-cluster-size-threshold': 50,
      'unhealthy-zone-threshold': '0.55',
      'concurrent-deployment-syncs': 5,
      'concurrent-replicaset-syncs': 5,
      'concurrent-endpoint-syncs': 5,
      'concurrent-service-endpoint-syncs': 5,
      'concurrent-namespace-syncs': 10,
      'concurrent-gc-syncs': 20,
      'max-endpoints-per-slice': 100,
      'use-service-account-credentials': false,
      'allocate-node-cidrs': false,
      'enable-garbage-collector': true,
    },
  ],
  [
    'kube-scheduler',
    scheduler,
    {
      ...election,
      'leader-elect-resource-name': 'kube-scheduler',
      'secure-port': 10259,
      'bind-address': '0.0.0.0',
      'pod-max-in-unschedulable-pods-duration': 300 * s,
    },
  ],
  [
    'kubelet',
    kubelet,
    {
      'container-runtime-endpoint': 'unix:///run/containerd/containerd.sock',
      'root-dir': '/var/lib/kubelet',
      port: 10250,
      'healthz-port': 10248,
      'healthz-bind-address': '127.0.0.1',
      'max-pods': 110,
      'node-status-update-frequency': 10 * s,
      'sync-frequency': 60 * s,
      'file-check-frequency': 20 * s,
      'runtime-request-timeout': 120 * s,
      'authentication-token-webhook-cache-ttl': 120 * s,
      'authorization-webhook-cache-authorized-ttl': 300 * s,
      'authorization-webhook-cache-unauthorized-ttl': 30 * s,
      'register-node': true,
      'serialize-image-pulls': true,
      'container-log-max-size': '10Mi',
      'container-log-max-files': 5,
      'image-gc-high-threshold': 85,
      'image-gc-low-threshold': 80,
      'maximum-dead-containers-per-container': 1,
    },
  ],
  [
    'kube-proxy',
    proxy,
    {
      'healthz-bind-address': '0.0.0.0:10256',
      'metrics-bind-address': '127.0.0.1:10249',
      'iptables-sync-period': 30 * s,
      'iptables-min-sync-period': 1 * s,
      'iptables-masquerade-bit': 14,
      'iptables-localhost-nodeports': true,
      'masquerade-all': false,
      'proxy-mode': 'iptables',
    },
  ],
];

it.each(upstream)('the defaults of %s are upstream’s', (_name, flags, defaults) => {
  const ours = Object.fromEntries(Object.keys(defaults).map((name) => [name, flags[name]?.default]));
  expect(ours).toEqual(defaults);
});
