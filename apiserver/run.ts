// Assembles one API server from its configuration, starts it, and stops it in order when told.
// Reads: flags, certificate files, the store. Next along the chain: server.ts takes requests; bootstrap/ fills a fresh cluster.
import type { AddressInfo } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { realClock } from '../apimachinery/clock.ts';
import { createFeatureGates, type FeatureGates } from '../component-base/featureGates.ts';
import { type Config, UsageError } from '../component-base/flags.ts';
import { createLogger, type Logger } from '../component-base/logger.ts';
import { writePortFile } from '../component-base/portFile.ts';
import { admissionPlugins } from './admission/admission.ts';
import { createAggregator } from './aggregator/aggregator.ts';
import type { Api } from './api.ts';
import { startCustomResources } from './apiextensions/startCustomResources.ts';
import { createAuthenticator } from './authentication/authenticator.ts';
import type { RequestHeaderOptions } from './authentication/requestHeader.ts';
import { createTokenIssuer } from './authentication/tokenIssuer.ts';
import { createAuthorizer } from './authorization/authorizer.ts';
import { hooksOf, startBootstrap, steps } from './bootstrap/bootstrap.ts';
import { loadCbor } from './codecs/cbor.ts';
import { corsOf } from './cors.ts';
import type { flags } from './flags.ts';
import { healthChecks } from './healthChecks.ts';
import { createJournal } from './journal/journal.ts';
import { type PemTexts, pemFiles, pemTexts, readFile } from './keyFiles.ts';
import { withComponentPorts } from './kinds/componentStatus.ts';
import { withTTL } from './kinds/event.ts';
import { withGates } from './kinds/gatedFields.ts';
import { kinds } from './kinds/kinds.ts';
import { olderVersions } from './kinds/olderVersions.ts';
import { withoutPrivileged } from './kinds/pod/privileged.ts';
import { createRegistry, type Registry, type Served } from './kinds/registry.ts';
import { createKubeletClient } from './kubeletClient.ts';
import { followFiles } from './liveFiles.ts';
import { createLocalCluster } from './localCluster.ts';
import { createMetrics } from './metrics/metrics.ts';
import { builtinSchemas } from './openapi/definitions.ts';
import { createPodDialer } from './proxy/podDialer.ts';
import { runtimeConfig } from './runtimeConfig.ts';
import { createServer } from './server.ts';
import { showSni, sniCertificates } from './sniCertificates.ts';
import type { WatchCache } from './storage/cached.ts';
import { startCompactor } from './storage/compactor.ts';
import { measured, resourceFinder } from './storage/measured.ts';
import type { Store } from './storage/store.ts';
import { createWatchCache } from './storage/watchCache.ts';
import { type TlsChoice, tlsChoice } from './tlsChoice.ts';

export type ServerConfig = Config<typeof flags>;

export interface Running {
  port: number;
  /** Ends watches, finishes requests in flight, closes the store. */
  stop(): Promise<void>;
}

/** Resolves once the server answers; /readyz tells when the cluster's own objects are there. */
export async function startApiServer(
  config: ServerConfig,
  log: Logger = createLogger('kube-apiserver', config.v),
): Promise<Running> {
  const pem = pemTexts(config);
  const further = sniCertificates(config['tls-sni-cert-key']);
  const features = createFeatureGates(config['feature-gates']);
  if (features.enabled('CBORServingAndStorage')) await loadCbor();
  const opened = await openStore(config);
  const registry = fillRegistry(config, features, log);
  const metrics = createMetrics({
    isServed: (group, version, plural) => registry.find(group, version, plural)?.kind,
    objects: () => objectCounts(registry, cache),
    features,
    apiServices: () => aggregator.availability(),
    now: realClock.now,
  });
  const store = measured(opened, metrics.storage, ownerOfKeys(registry));
  const cache = createWatchCache(store, { log, clock: realClock });
  const api = {} as Api;
  const cluster = createLocalCluster(() => api);
  const aggregator = createAggregator(api, {
    certificate: pem.frontProxy,
    toEndpoints: config['enable-aggregator-routing'],
    allowRedirects: !config['aggregator-reject-forwarding-redirect'],
  });
  const bootstrapSteps = [...steps(), ...aggregator.steps()];
  const ready = { done: new Set<string>(), stopping: false };
  const tokens = createTokenIssuer(issuerOptions(config));
  const drain: Api['drain'] = new Set();
  Object.assign(api, {
    store,
    keyPrefix: config['etcd-prefix'],
    cache,
    registry,
    cluster,
    tokens,
    drain,
    features,
    log,
    clock: realClock,
    random: Math.random,
    aggregator,
    admission: admissionPlugins({
      enable: config['enable-admission-plugins'],
      disable: config['disable-admission-plugins'],
      notReadySeconds: config['default-not-ready-toleration-seconds'],
      unreachableSeconds: config['default-unreachable-toleration-seconds'],
    }),
    authenticator: createAuthenticator({
      trust: pem.trust,
      requestHeader: requestHeaderOptions(config),
      tokenAuthFile: config['token-auth-file'] ? readFile(config['token-auth-file'], 'token-auth-file') : undefined,
      serviceAccount: {
        issuers: config['service-account-issuer'],
        keys: serviceAccountKeys(config),
        audiences: audiences(config),
      },
      bootstrapTokens: config['enable-bootstrap-token-auth'],
      anonymous: anonymousAllowed(config, log),
      lookups: cluster,
    }),
    authorizer: createAuthorizer({ modes: config['authorization-mode'], cluster }),
    journal: createJournal({ store, keyPrefix: config['etcd-prefix'], size: config['write-journal-size'], log }),
    dialPod: createPodDialer(config['pod-dialer']),
    kubelets: createKubeletClient({
      tls: pem.kubelet,
      preferredAddressTypes: config['kubelet-preferred-address-types'],
    }),
    health: healthChecks(api, ready, hooksOf(bootstrapSteps)),
    metrics,
    config: {
      requestTimeout: config['request-timeout'],
      minRequestTimeout: config['min-request-timeout'],
      maxInFlight: config['max-requests-inflight'],
      profiling: config.profiling,
      maxMutatingInFlight: config['max-mutating-requests-inflight'],
    },
  } satisfies Omit<Api, never>);
  await Promise.all(
    [...registry.all(), ...registry.hidden()]
      .filter(({ prefix, kind }) => prefix && kind.group !== 'trace.mini-k8s.io' && kind.storedAs?.group !== kind.group)
      .map((row) => cluster.load(row)),
  );
  const customResources = await startCustomResources(api, { toEndpoints: config['enable-aggregator-routing'] });
  const tls = tlsChoice(config['tls-min-version'], config['tls-cipher-suites']);
  const app = createServer(api, {
    ...servingTls(pem, tls),
    strictTransport: strictTransport(config),
    cors: corsOf(config['cors-allowed-origins']),
    metrics: api.metrics,
  });
  const secure = app.server as unknown as TlsServer;
  showSni(secure, further, servingTls(pem, tls));
  const renew = () => {
    secure.setSecureContext(servingTls(pem, tls));
    showSni(secure, further, servingTls(pem, tls));
  };
  const followed = [...pemFiles(config, pem), ...further];
  const unfollow = followed.map((files) => followFiles(files, renew, log));
  const port = await listen(app, config);
  const onStep = (name: string) => void ready.done.add(name);
  const bootstrap = startBootstrap(api, { config, port, steps: bootstrapSteps, onStep });
  const compactor = startCompactor(store, { intervalMs: config['etcd-compaction-interval'], clock: realClock, log });
  return {
    port,
    async stop() {
      ready.stopping = true;
      for (const end of unfollow) end();
      await pause(config['shutdown-delay-duration']);
      compactor.stop();
      await bootstrap.stop();
      await customResources.stop();
      for (const watch of drain) watch.finish();
      await Promise.race([app.close(), pause(config['request-timeout'] + 10_000)]);
      await cache.close();
      await store.close();
    },
  };
}

const pause = (ms: number) => (ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve());

function fillRegistry(config: ServerConfig, features: FeatureGates, log: Logger): Registry {
  const registry = createRegistry(config['etcd-prefix']);
  const eventSeconds = Math.floor(config['event-ttl'] / 1000);
  const all = [...kinds, ...olderVersions];
  const isServed = runtimeConfig(config['runtime-config'], all, (text) => log.warn(text));
  for (const kind of all) {
    const asked = isServed(kind);
    const gateOff = kind.gate !== undefined && !features.enabled(kind.gate);
    if (asked && gateOff)
      log.warn(`${kind.plural}.${kind.version}.${kind.group} are not served: the feature gate ${kind.gate} is off`);
    const hidden = !asked || gateOff;
    // Older versions that nobody asked for leave nothing behind.
    if (hidden && (kind.storedAs || !kind.storage)) continue;
    const isEvent = kind.plural === 'events';
    const allowed = config['allow-privileged'] ? kind : withoutPrivileged(kind);
    const gated = withGates(allowed, features);
    const settled = kind.observe ? withComponentPorts(gated, config['component-health-ports']) : gated;
    registry.add(isEvent ? withTTL(gated, eventSeconds) : settled, (name) => builtinSchemas.node(name), { hidden });
  }
  return registry;
}

/** Of the resources that somebody has read. */
function objectCounts(registry: Registry, cache: WatchCache) {
  const counts: { group: string; resource: string; count: number }[] = [];
  for (const { kind, prefix } of storedRows(registry)) {
    const count = cache.size(prefix);
    if (count !== undefined) counts.push({ group: kind.group, resource: kind.plural, count });
  }
  return counts;
}

/** One row a resource, whatever the number of its versions. */
function storedRows(registry: Registry): Served[] {
  const rows = [...registry.all(), ...registry.hidden()].filter(({ kind, prefix }) => prefix && !kind.storedAs);
  return [...new Map(rows.map((row) => [row.prefix, row])).values()];
}

const ownerOfKeys = (registry: Registry) =>
  resourceFinder(
    () => storedRows(registry),
    () => registry.generation,
  );

/** Only the store that is asked for is loaded: etcd's client costs memory and time. */
async function openStore(config: ServerConfig): Promise<Store> {
  try {
    if (config['storage-backend'] === 'embedded') {
      if (!config['embedded-file'])
        throw new UsageError(
          '--storage-backend=embedded needs --embedded-file: name the file that the state is kept in.',
        );
      const { openEmbeddedStore } = await import('./storage/embedded.ts');
      return await openEmbeddedStore(config['embedded-file']);
    }
    if (!config['etcd-servers'].length)
      throw new UsageError(
        '--etcd-servers must be specified: name at least one etcd server, or use --storage-backend=embedded.',
      );
    const { openEtcdStore } = await import('./storage/etcd.ts');
    return await openEtcdStore({
      endpoints: config['etcd-servers'],
      prefix: `${config['etcd-prefix']}/`,
      ...etcdTls(config),
    });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const where =
      config['storage-backend'] === 'embedded' ? config['embedded-file'] : config['etcd-servers'].join(', ');
    throw new UsageError(
      `cannot use the store at ${where}: ${(error as Error).message}. Check that it is there and that this user may use it.`,
    );
  }
}

function etcdTls(config: ServerConfig): { tls?: { ca?: Buffer; cert?: Buffer; key?: Buffer } } {
  if (!config['etcd-cafile'] && !config['etcd-certfile']) return {};
  const read = (flag: 'etcd-cafile' | 'etcd-certfile' | 'etcd-keyfile') =>
    config[flag] ? Buffer.from(readFile(config[flag], flag)) : undefined;
  return { tls: { ca: read('etcd-cafile'), cert: read('etcd-certfile'), key: read('etcd-keyfile') } };
}

/** Throws UsageError for a directive that RFC 6797 does not know. */
function strictTransport(config: ServerConfig): string[] {
  const directives = config['strict-transport-security-directives'];
  if (directives.every((text) => /^max-age=\d+$|^includeSubDomains$|^preload$/i.test(text))) return directives;
  throw new UsageError(
    '--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, preload. see https://tools.ietf.org/html/rfc6797#section-6.1 for more information',
  );
}

/** Where everything is allowed, nobody may come unnamed. */
function anonymousAllowed(config: ServerConfig, log: Logger): boolean {
  if (!config['anonymous-auth'] || !config['authorization-mode'].includes('AlwaysAllow'))
    return config['anonymous-auth'];
  log.warn('--anonymous-auth does not go with the AlwaysAllow authorizer: it is off; choose RBAC to have it');
  return false;
}

/** Its own certificate, and the authorities by which TLS tells one client from another. */
function servingTls(
  { serving, trust }: PemTexts,
  tls: TlsChoice,
): TlsChoice & { cert: string; key: string; ca?: string } {
  const ca = [trust.clientCA, trust.requestHeaderCA].filter(Boolean).join('\n');
  return { ...tls, ...serving, ...(ca ? { ca } : {}) };
}

function requestHeaderOptions(config: ServerConfig): RequestHeaderOptions | undefined {
  if (!config['requestheader-client-ca-file']) return undefined;
  return {
    allowedNames: config['requestheader-allowed-names'],
    usernameHeaders: config['requestheader-username-headers'],
    uidHeaders: config['requestheader-uid-headers'],
    groupHeaders: config['requestheader-group-headers'],
    extraPrefixes: config['requestheader-extra-headers-prefix'],
  };
}

const audiences = (config: ServerConfig) =>
  config['api-audiences'].length ? config['api-audiences'] : config['service-account-issuer'].slice(0, 1);

const serviceAccountKeys = (config: ServerConfig): string[] => {
  const files = config['service-account-key-file'];
  if (files.length) return files.map((file) => readFile(file, 'service-account-key-file'));
  return [readFile(config['service-account-signing-key-file'], 'service-account-signing-key-file')];
};

function issuerOptions(config: ServerConfig) {
  if (!config['service-account-signing-key-file'])
    throw new UsageError(
      '--service-account-signing-key-file is needed: name the private key that signs ServiceAccount tokens.',
    );
  return {
    issuer: config['service-account-issuer'][0]!,
    signingKey: readFile(config['service-account-signing-key-file'], 'service-account-signing-key-file'),
    keys: config['service-account-key-file'].map((file) => readFile(file, 'service-account-key-file')),
    audiences: audiences(config),
    maxExpirationSeconds: config['service-account-max-token-expiration'] / 1000,
    extendExpiration: config['service-account-extend-token-expiration'],
    jwksUri: config['service-account-jwks-uri'],
  };
}

async function listen(app: ReturnType<typeof createServer>, config: ServerConfig): Promise<number> {
  try {
    await app.listen({ host: config['bind-address'], port: config['secure-port'] });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const at = `${config['bind-address']}:${config['secure-port']}`;
    if (code === 'EADDRINUSE')
      throw new UsageError(
        `port ${config['secure-port']} is in use: stop what listens at ${at}, or choose another --secure-port.`,
      );
    throw new UsageError(`cannot listen at ${at}: ${code}. Choose another --bind-address or --secure-port.`);
  }
  const { port } = app.server.address() as AddressInfo;
  writePortFile(config['port-file'], port);
  return port;
}
