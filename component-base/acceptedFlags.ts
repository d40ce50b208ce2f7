// Flags of upstream's daemons that are taken so that their command lines work, and change nothing here.
// Data. Mirrors: the options of k8s.io/apiserver and k8s.io/component-base that each of them has, v1.35.
// Used by: the flags of controllers/ and scheduler/, where one that gets a meaning overrides its row.
import type { Flag } from './flags.ts';
import { count, flag, list, text, time } from './takenFlags.ts';

const why = {
  client: 'Taken for compatibility: the API server holds back by priority, the client does not.',
  auth: 'Taken for compatibility: health and metrics are open to whoever can reach the port.',
  serving: 'Taken for compatibility: Node decides.',
  log: 'Taken for compatibility: the log is lines of JSON.',
  metrics: 'Taken for compatibility.',
} as const;

/** Of every daemon, the API server too. */
export const acceptedByEvery = {
  'http2-max-streams-per-connection': count(why.serving, 0),
  'permit-address-sharing': flag(why.serving),
  'permit-port-sharing': flag(why.serving),
  'contention-profiling': flag(why.metrics),
  'allow-metric-labels': { type: 'map', default: {}, help: why.metrics, bareKeys: true },
  'allow-metric-labels-manifest': text(why.metrics),
  'disabled-metrics': list(why.metrics),
  'show-hidden-metrics-for-version': text(why.metrics),
  'emulated-version': list('Taken for compatibility: it is v1.35.'),
  'emulation-forward-compatible': flag('Taken for compatibility: it is v1.35.'),
  'min-compatibility-version': list('Taken for compatibility: it is v1.35.'),
  'logging-format': text(why.log, 'text'),
  'log-flush-frequency': time(why.log, 5),
  'log-json-info-buffer-size': text(why.log, '0'),
  'log-json-split-stream': flag(why.log),
  'log-text-info-buffer-size': text(why.log, '0'),
  'log-text-split-stream': flag(why.log),
  vmodule: text(why.log),
} as const satisfies Record<string, Flag>;

/** Of every daemon with a secure port and a client. */
export const acceptedByDaemons = {
  ...acceptedByEvery,
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
  'tls-cipher-suites': list(why.serving),
  'tls-min-version': text(why.serving),
  'tls-sni-cert-key': list(why.serving),
  'kube-api-qps': text(why.client, '20'),
  'kube-api-burst': count(why.client, 30),
  'kube-api-content-type': text('Taken for compatibility: JSON is spoken.', 'application/vnd.kubernetes.protobuf'),
  profiling: flag(why.metrics, true),
} as const satisfies Record<string, Flag>;
