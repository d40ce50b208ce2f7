// What one API server is made of, handed to every handler: no part finds another by itself.
// Assembled by main.ts.
import type { Clock } from '../apimachinery/clock.ts';
import type { FeatureGates } from '../component-base/featureGates.ts';
import type { Logger } from '../component-base/logger.ts';
import type { AdmissionPlugin } from './admission/plugin.ts';
import type { Aggregator } from './aggregator/aggregator.ts';
import type { Authenticator } from './authentication/authenticator.ts';
import type { TokenIssuer } from './authentication/tokenIssuer.ts';
import type { Authorizer } from './authorization/authorizer.ts';
import type { Health } from './health.ts';
import type { Journal } from './journal/journal.ts';
import type { Cluster } from './kinds/cluster.ts';
import type { Registry, Served } from './kinds/registry.ts';
import type { KubeletClient } from './kubeletClient.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { DialPod } from './proxy/podDialer.ts';
import type { ResourceCache, WatchCache } from './storage/cached.ts';
import type { Store } from './storage/store.ts';

export interface Api {
  store: Store;
  /** What every key begins with: `/registry`. */
  keyPrefix: string;
  cache: WatchCache;
  registry: Registry;
  /** Group versions that other servers have, and the order of all groups. */
  aggregator: Aggregator;
  admission: readonly AdmissionPlugin[];
  authenticator: Authenticator;
  authorizer: Authorizer;
  cluster: Cluster;
  journal: Journal;
  tokens: TokenIssuer;
  features: FeatureGates;
  clock: Clock;
  random(): number;
  log: Logger;
  health: Health;
  metrics: Metrics;
  kubelets: KubeletClient;
  /** Absent: pods are reached by straight TCP. */
  dialPod?: DialPod;
  /** Open watches: a server that stops ends them cleanly. */
  drain: Set<{ finish(): void }>;
  config: ApiConfig;
}

export interface ApiConfig {
  /** Milliseconds. */
  requestTimeout: number;
  /** Seconds; a watch that names no timeout ends after this to twice this. */
  minRequestTimeout: number;
  maxInFlight: number;
  /** /debug/pprof is there. */
  profiling: boolean;
  maxMutatingInFlight: number;
}

/** The cache of a served kind: of the row that it is stored as, shown as this kind shows it. */
export async function cacheOf(api: Api, served: Served): Promise<ResourceCache> {
  const cache = await api.cache.resource(served.home.cacheSpec);
  return served.kind.stored?.view(cache) ?? cache;
}
