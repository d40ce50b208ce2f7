// One thing that a fresh server makes, and maybe keeps. A step is safe to run again and beside another server's.
// Used by: every step here. Next: bootstrap.ts, the ordered list that runs them.

import type { Clock } from '../../apimachinery/clock.ts';
import type { Logger } from '../../component-base/logger.ts';
import type { Cluster } from '../kinds/cluster.ts';
import type { Store } from '../storage/store.ts';

/** What steps work with. */
export interface StepEnv {
  cluster: Cluster;
  store: Store;
  keyPrefix: string;
  clock: Clock;
  log: Logger;
  /** The port that this server listens on, and the address that others reach it at; empty when this machine has none. */
  port: number;
  address: string;
  /** Ranges of ClusterIPs, the primary first. */
  serviceCIDRs: readonly string[];
  /** `30000-32767`. */
  nodePortRange: string;
  /** PEM of the CAs that client certificates and front proxies are checked against; empty when there is none. */
  clientCA: string;
  requestHeaderCA: string;
  /** What a front proxy may be called, and the headers in which it says who it speaks for. */
  requestHeaders: {
    allowedNames: readonly string[];
    username: readonly string[];
    uid: readonly string[];
    group: readonly string[];
    extraPrefix: readonly string[];
  };
}

export interface Step {
  name: string;
  /** As /readyz?verbose calls it, behind `poststarthook/`; several steps may share one. Absent: `bootstrap-controller`. */
  hook?: string;
  /** Milliseconds between runs; absent: once is enough. */
  every?: number;
  /** Rejects when it could not be done now: it is run again. */
  run(env: StepEnv): Promise<void>;
  /** When the server stops in order. */
  stop?(env: StepEnv): Promise<void>;
}
