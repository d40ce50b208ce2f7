// The API server's flags: upstream's names and defaults, and the few of our own at the end.
// Mirrors: cmd/kube-apiserver/app/options. Read by main.ts.
import { featureGateHelp } from '../component-base/featureGates.ts';
import type { Flags } from '../component-base/flags.ts';
import { accepted } from './acceptedFlags.ts';

export const flags = {
  ...accepted,
  'etcd-servers': {
    type: 'list',
    default: [],
    help: 'etcd servers to connect with (scheme://host:port), comma separated.',
  },
  'etcd-cafile': { type: 'string', default: '', help: 'CA file that etcd servers are checked against.' },
  'etcd-certfile': { type: 'string', default: '', help: 'Client certificate for etcd.' },
  'etcd-keyfile': { type: 'string', default: '', help: 'Key of the client certificate for etcd.' },
  'etcd-prefix': { type: 'string', default: '/registry', help: 'Prefix of all keys.' },
  'etcd-compaction-interval': {
    type: 'duration',
    default: 300_000,
    help: 'Interval of compaction requests; 0 turns them off.',
  },
  'storage-backend': {
    type: 'string',
    default: 'etcd3',
    values: ['etcd3', 'embedded'],
    help: 'Where state lives: etcd3, or embedded (SQLite, for a lone server).',
  },
  'storage-media-type': {
    type: 'string',
    default: 'application/json',
    help: 'Accepted for compatibility; objects are stored as JSON.',
  },
  'secure-port': {
    type: 'int',
    default: 6443,
    help: 'Port of HTTPS with authentication and authorization; 0 takes a free one.',
  },
  'bind-address': { type: 'string', default: '0.0.0.0', help: 'Address on which --secure-port listens.' },
  'advertise-address': {
    type: 'string',
    default: '',
    help: 'Address that the Service kubernetes leads to; default: --bind-address, or a host address.',
  },
  'tls-cert-file': {
    type: 'string',
    default: '',
    help: 'Serving certificate. Empty: apiserver.crt and apiserver.key in --cert-dir, signed by themselves when they are not there.',
  },
  'tls-private-key-file': { type: 'string', default: '', help: 'Key of the serving certificate.' },
  'tls-sni-cert-key': {
    type: 'list',
    whole: true,
    default: [],
    help: 'A certificate and key for further names, as cert,key or cert,key:name,*.other; may repeat.',
  },
  'tls-min-version': {
    type: 'string',
    default: '',
    help: 'The lowest TLS version that is spoken: VersionTLS10, VersionTLS11, VersionTLS12, VersionTLS13; default: 1.2.',
  },
  'tls-cipher-suites': {
    type: 'list',
    default: [],
    help: 'Cipher suites below TLS 1.3, by their names in the standard; default: those of Node.',
  },
  'client-ca-file': { type: 'string', default: '', help: 'CAs whose client certificates authenticate.' },
  'token-auth-file': {
    type: 'string',
    default: '',
    help: 'CSV file of static tokens: token,user,uid,"group1,group2".',
  },
  'enable-bootstrap-token-auth': {
    type: 'bool',
    default: false,
    help: 'Secrets of type bootstrap.kubernetes.io/token in kube-system authenticate machines that join.',
  },
  'anonymous-auth': { type: 'bool', default: true, help: 'Requests without credentials become system:anonymous.' },
  'authorization-mode': {
    type: 'list',
    default: ['AlwaysAllow'],
    help: 'Ordered list of authorizers: RBAC, AlwaysAllow, AlwaysDeny.',
  },
  'service-account-issuer': {
    type: 'list',
    default: ['https://kubernetes.default.svc.cluster.local'],
    help: 'Issuer of ServiceAccount tokens; the first signs, all are accepted.',
  },
  'service-account-lookup': {
    type: 'bool',
    default: true,
    help: 'Accepted for compatibility; tokens of ServiceAccounts, Pods and Secrets that are gone are always refused.',
  },
  'service-account-key-file': {
    type: 'list',
    default: [],
    help: 'Public or private keys that verify ServiceAccount tokens.',
  },
  'service-account-jwks-uri': {
    type: 'string',
    default: '',
    help: 'Where the issuer says that its keys are (https); default: /openid/v1/jwks of this server.',
  },
  'service-account-signing-key-file': {
    type: 'string',
    default: '',
    help: 'Private key that signs ServiceAccount tokens.',
  },
  'api-audiences': { type: 'list', default: [], help: 'Audiences of the API; default: the issuer.' },
  'service-account-max-token-expiration': {
    type: 'duration',
    default: 0,
    help: 'Longest validity of a ServiceAccount token; 0 is no limit.',
  },
  'service-account-extend-token-expiration': {
    type: 'bool',
    default: true,
    help: 'Tokens that kubelets ask for live a year, so that clients which do not read them again go on working.',
  },
  'service-cluster-ip-range': {
    type: 'list',
    default: ['10.0.0.0/24'],
    help: 'CIDR of ClusterIPs, at most one of each IP family.',
  },
  'service-node-port-range': { type: 'string', default: '30000-32767', help: 'Ports for NodePort Services.' },
  'kubelet-client-certificate': { type: 'string', default: '', help: 'Client certificate towards kubelets.' },
  'kubelet-client-key': { type: 'string', default: '', help: 'Key of the client certificate towards kubelets.' },
  'kubelet-certificate-authority': {
    type: 'string',
    default: '',
    help: "CA that kubelets' serving certificates are checked against.",
  },
  'kubelet-preferred-address-types': {
    type: 'list',
    default: ['Hostname', 'InternalDNS', 'InternalIP', 'ExternalDNS', 'ExternalIP'],
    help: "Order in which a Node's addresses are tried.",
  },
  'requestheader-client-ca-file': {
    type: 'string',
    default: '',
    help: 'CA of front proxies that may name the user in headers.',
  },
  'requestheader-allowed-names': {
    type: 'list',
    default: [],
    help: "Common names that a front proxy's certificate may have; empty: any of --requestheader-client-ca-file.",
  },
  'requestheader-username-headers': {
    type: 'list',
    default: ['X-Remote-User'],
    help: 'Headers in which a front proxy names the user, in the order in which they are looked at.',
  },
  'requestheader-uid-headers': { type: 'list', default: [], help: "Headers with the user's uid." },
  'requestheader-group-headers': {
    type: 'list',
    default: ['X-Remote-Group'],
    help: "Headers with the user's groups.",
  },
  'requestheader-extra-headers-prefix': {
    type: 'list',
    default: ['X-Remote-Extra-'],
    help: 'Beginnings of headers with what else is known of the user.',
  },
  'aggregator-reject-forwarding-redirect': {
    type: 'bool',
    default: true,
    help: 'Redirects that extension servers answer with are refused.',
  },
  'enable-aggregator-routing': {
    type: 'bool',
    default: false,
    help: "Requests for extension servers go to their endpoints' addresses instead of the Service's ClusterIP.",
  },
  'proxy-client-cert-file': {
    type: 'string',
    default: '',
    help: 'Certificate of the aggregator towards extension servers.',
  },
  'proxy-client-key-file': { type: 'string', default: '', help: "Key of the aggregator's certificate." },
  'enable-admission-plugins': { type: 'list', default: [], help: 'Admission plugins besides the default ones.' },
  'disable-admission-plugins': { type: 'list', default: [], help: 'Default admission plugins to leave out.' },
  'default-not-ready-toleration-seconds': {
    type: 'int',
    default: 300,
    help: 'tolerationSeconds of the not-ready toleration given to pods that name none.',
  },
  'default-unreachable-toleration-seconds': {
    type: 'int',
    default: 300,
    help: 'tolerationSeconds of the unreachable toleration given to pods that name none.',
  },
  'event-ttl': { type: 'duration', default: 3_600_000, help: 'How long Events are kept.' },
  'max-requests-inflight': { type: 'int', default: 400, help: 'Reading requests in flight at once; 0 is no limit.' },
  'max-mutating-requests-inflight': {
    type: 'int',
    default: 200,
    help: 'Writing requests in flight at once; 0 is no limit.',
  },
  'request-timeout': { type: 'duration', default: 60_000, help: 'Longest duration of a request that is not a watch.' },
  'min-request-timeout': {
    type: 'int',
    default: 1800,
    help: 'Shortest timeout in seconds of a watch that names none; the real one is drawn between this and twice it.',
  },
  'cors-allowed-origins': {
    type: 'list',
    default: [],
    help: 'Origins of web pages that may call this server, as regular expressions that say where the host begins and ends: //example\\.com(:|$).',
  },
  'strict-transport-security-directives': {
    type: 'list',
    default: [],
    help: 'What the Strict-Transport-Security header of every answer says; none: there is no such header.',
  },
  'shutdown-delay-duration': {
    type: 'duration',
    default: 0,
    help: 'How long to serve on, readyz failing, after the stop signal.',
  },
  'goaway-chance': {
    type: 'string',
    default: '0',
    help: 'Accepted for compatibility; connections are not closed at random.',
  },
  'watch-cache': {
    type: 'bool',
    default: true,
    help: 'Accepted for compatibility; reads always come from the watch cache.',
  },
  'allow-privileged': { type: 'bool', default: false, help: 'Accepts privileged containers.' },
  'feature-gates': {
    type: 'map',
    default: {},
    help: `Feature gates as name=true|false:\n              ${featureGateHelp().join('\n              ')}`,
  },
  'runtime-config': {
    type: 'map',
    bareKeys: true,
    default: {},
    help: 'API versions and resources turned on or off: group/version=true|false, group/version/resource, api/all, api/ga, api/beta, api/alpha.',
  },
  'cert-dir': {
    type: 'string',
    default: '/var/run/kubernetes',
    help: 'Where apiserver.crt and apiserver.key are kept when --tls-cert-file is empty.',
  },
  v: { type: 'int', default: 0, help: 'Log verbosity.' },
  profiling: { type: 'bool', default: true, help: 'Profiles of the process at /debug/pprof/, as V8 takes them.' },
  'embedded-file': { type: 'string', default: '', help: 'File of the embedded store.' },
  'component-health-ports': {
    type: 'map',
    default: { scheduler: '10259', 'controller-manager': '10257' },
    help: 'Where ComponentStatus asks for the health of the components of this machine, as name=port.',
  },
  'write-journal-size': {
    type: 'int',
    default: 10_000,
    help: 'Writes whose causes are remembered (writes.trace.mini-k8s.io); 0 turns the journal off.',
  },
  'pod-dialer': {
    type: 'list',
    default: [],
    help: 'Unix sockets (unix:///path) that HTTP CONNECT reaches pods through; default: straight TCP.',
  },
  'port-file': { type: 'string', default: '', help: 'File that gets the listening port, for --secure-port=0.' },
} as const satisfies Flags;
