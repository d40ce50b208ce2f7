// One leader among equals, by a Lease that it renews: 15 s long, given up after 10 s without a renewal, tried every 2 s.
// Reads and writes: one coordination.k8s.io Lease. Mirrors: client-go tools/leaderelection (leaderelection.go, resourcelock).
// Others' clocks are never trusted: a Lease counts as held while our own clock has not seen it unchanged for its duration.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Clock, toMicroTime } from '../apimachinery/clock.ts';
import { leases } from '../apimachinery/resources.ts';
import { isReason } from '../apimachinery/status.ts';
import type { Lease, LeaseSpec } from '../apimachinery/types.ts';
import type { Flags } from '../component-base/flags.ts';
import type { Logger } from '../component-base/logger.ts';
import { sleep } from './backoff.ts';
import { withoutCauses } from './causes.ts';
import { type Client, ConnectionError } from './client.ts';
import type { EventRecorder } from './events.ts';

/** Durations in milliseconds. */
export interface ElectionConfig {
  namespace: string;
  name: string;
  identity: string;
  leaseDuration: number;
  renewDeadline: number;
  retryPeriod: number;
}

export interface ElectionDeps {
  client: Client;
  clock: Clock;
  random(): number;
  log: Logger;
  events?: EventRecorder;
  /** Told of each change, for the metric leader_election_master_status. */
  onChange?(leading: boolean): void;
  /** Told when a renewal was confirmed, the first one too: a health check asks how long ago that was. */
  onRenew?(): void;
}

/** `host_uuid`: two processes on one machine are two. */
export const newIdentity = (): string => `${hostname()}_${randomUUID()}`;

/** The flags that upstream's daemons share. `lease` is the default of --leader-elect-resource-name. */
export const leaderElectionFlags = (lease: string) =>
  ({
    'leader-elect': {
      type: 'bool',
      default: true,
      help: 'Gain leadership through a Lease before acting, so that several can run.',
    },
    'leader-elect-lease-duration': {
      type: 'duration',
      default: 15_000,
      help: 'How long others wait after the last renewal they saw before they take the Lease.',
    },
    'leader-elect-renew-deadline': {
      type: 'duration',
      default: 10_000,
      help: 'How long the leader tries to renew before it stops leading; must be less than the lease duration.',
    },
    'leader-elect-retry-period': { type: 'duration', default: 2_000, help: 'Time between tries to acquire or renew.' },
    'leader-elect-resource-lock': {
      type: 'string',
      default: 'leases',
      values: ['leases'],
      help: 'The kind of object that is the lock.',
    },
    'leader-elect-resource-name': { type: 'string', default: lease, help: 'The name of the Lease.' },
    'leader-elect-resource-namespace': { type: 'string', default: 'kube-system', help: 'The namespace of the Lease.' },
  }) as const satisfies Flags;

/** What was last seen of the Lease, and when by our own clock. */
interface Observed {
  lease?: Lease;
  at: number;
}

/**
 * Waits for the lead, then runs `lead` until it ends, the signal aborts or the Lease is lost.
 * The signal given to `lead` aborts before anyone else can take the Lease; give it to the leader's client too, so
 * that nothing is written after. Resolves 'stopped' (and gives the Lease back) or 'lost'; rejects as `lead` does.
 */
export async function runLeaderElection(
  deps: ElectionDeps,
  config: ElectionConfig,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<'stopped' | 'lost'> {
  if (config.leaseDuration <= config.renewDeadline) throw new Error('leaseDuration must be greater than renewDeadline');
  const observed: Observed = { at: 0 };
  const renewedAt = await acquire(deps, config, observed, signal);
  if (renewedAt === undefined) return 'stopped';
  deps.onChange?.(true);
  deps.onRenew?.();
  tellLeadership(deps, config, observed, 'became leader');
  const ending = new AbortController();
  const stop = () => ending.abort();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const leading = lead(ending.signal);
    const renewing = renew(deps, config, observed, renewedAt, ending).then((): 'stopped' | 'lost' =>
      signal.aborted ? 'stopped' : 'lost',
    );
    const outcome = await Promise.race([leading.then((): 'stopped' => 'stopped'), renewing]);
    ending.abort();
    if (outcome === 'lost') return outcome;
    await leading;
    await renewing;
    await release(deps, config, observed);
    return outcome;
  } finally {
    ending.abort();
    signal.removeEventListener('abort', stop);
    deps.onChange?.(false);
    tellLeadership(deps, config, observed, 'stopped leading');
  }
}

function tellLeadership(deps: ElectionDeps, config: ElectionConfig, observed: Observed, what: string): void {
  deps.log.info({ lease: `${config.namespace}/${config.name}`, identity: config.identity }, what);
  const { namespace, name } = config;
  const lease = observed.lease ?? {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace, name },
  };
  deps.events?.event(lease, 'Normal', 'LeaderElection', `${config.identity} ${what}`);
}

/** The local time at which the winning write was sent; undefined when the signal came first. */
async function acquire(deps: ElectionDeps, config: ElectionConfig, observed: Observed, signal: AbortSignal) {
  while (!signal.aborted) {
    const sentAt = deps.clock.now();
    const won = await attempt(deps, config, observed, sentAt + config.renewDeadline);
    if (won && deps.clock.now() - sentAt < config.renewDeadline) return sentAt;
    await sleep(deps.clock, config.retryPeriod * (1 + deps.random() * 1.2), signal);
  }
  return undefined;
}

/** Renews until the signal aborts or no renewal has been confirmed for `renewDeadline`, counted from when it was sent. */
async function renew(
  deps: ElectionDeps,
  config: ElectionConfig,
  observed: Observed,
  renewedAt: number,
  ending: AbortController,
): Promise<void> {
  let last = renewedAt;
  while (!ending.signal.aborted) {
    const left = () => last + config.renewDeadline - deps.clock.now();
    await sleep(deps.clock, Math.min(config.retryPeriod, left()), ending.signal);
    if (ending.signal.aborted) return;
    const sentAt = deps.clock.now();
    const won = left() > 0 && (await attempt(deps, config, observed, last + config.renewDeadline));
    if (won && left() > 0) {
      last = sentAt;
      deps.onRenew?.();
    } else if (left() <= 0 || isHeldByOther(observed, config)) return;
  }
}

const isHeldByOther = (observed: Observed, config: ElectionConfig) =>
  Boolean(observed.lease?.spec?.holderIdentity) && observed.lease?.spec?.holderIdentity !== config.identity;

/** One try to take or renew the Lease, over by `deadline`. False when it is another's or no answer came. */
async function attempt(
  deps: ElectionDeps,
  config: ElectionConfig,
  observed: Observed,
  deadline: number,
): Promise<boolean> {
  const ending = new AbortController();
  const ms = Math.max(deadline - deps.clock.now(), 1);
  const late = Promise.withResolvers<false>();
  const timer = deps.clock.setTimeout(() => {
    ending.abort();
    late.resolve(false);
  }, ms);
  try {
    return await Promise.race([withoutCauses(() => takeOrRenew(deps, config, observed, ending.signal)), late.promise]);
  } catch (error) {
    const quiet = error instanceof ConnectionError || isReason(error, 'Conflict') || isReason(error, 'AlreadyExists');
    deps.log[quiet ? 'info' : 'warn'](
      { lease: config.name, error: String(error) },
      'could not take or renew the lease',
    );
    return false;
  } finally {
    timer.cancel();
  }
}

async function takeOrRenew(
  deps: ElectionDeps,
  config: ElectionConfig,
  observed: Observed,
  signal: AbortSignal,
): Promise<boolean> {
  // The holder need not read first: if anyone else wrote, the stale resourceVersion is refused.
  if (observed.lease?.spec?.holderIdentity === config.identity)
    try {
      return await writeLease(deps, config, observed, observed.lease, signal);
    } catch (error) {
      if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error;
    }
  const found = await deps.client.get(leases, config.name, config.namespace).catch((error) => {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  });
  if (!found) return createLease(deps, config, observed, signal);
  observe(deps, observed, found as Lease);
  const holder = found.spec?.holderIdentity;
  const held = deps.clock.now() < observed.at + (found.spec?.leaseDurationSeconds ?? 0) * 1000;
  if (holder && holder !== config.identity && held) return false;
  return writeLease(deps, config, observed, found as Lease, signal);
}

/** A record that changed is one that someone renewed just now, whatever time they wrote into it. */
function observe(deps: ElectionDeps, observed: Observed, lease: Lease): void {
  const changed = JSON.stringify(lease.spec) !== JSON.stringify(observed.lease?.spec);
  observed.lease = lease;
  if (changed) observed.at = deps.clock.now();
}

async function createLease(
  deps: ElectionDeps,
  config: ElectionConfig,
  observed: Observed,
  signal: AbortSignal,
): Promise<boolean> {
  const now = toMicroTime(deps.clock.now());
  const spec = { ...ours(config), acquireTime: now, renewTime: now, leaseTransitions: 0 };
  const metadata = { name: config.name, namespace: config.namespace };
  observe(deps, observed, (await deps.client.create(leases, { metadata, spec }, { signal })) as Lease);
  return true;
}

async function writeLease(
  deps: ElectionDeps,
  config: ElectionConfig,
  observed: Observed,
  from: Lease,
  signal: AbortSignal,
): Promise<boolean> {
  const spec = nextSpec(from.spec, config, toMicroTime(deps.clock.now()));
  observe(deps, observed, (await deps.client.update(leases, { ...from, spec } as never, { signal })) as Lease);
  return true;
}

const ours = (config: ElectionConfig) => ({
  holderIdentity: config.identity,
  leaseDurationSeconds: Math.max(Math.round(config.leaseDuration / 1000), 1),
});

/** The Lease's spec once it is ours: a change of hands counts as a transition, a renewal keeps when it was acquired. */
export function nextSpec(before: LeaseSpec | undefined, config: ElectionConfig, now: string): LeaseSpec {
  const renewing = before?.holderIdentity === config.identity;
  return {
    ...before,
    ...ours(config),
    acquireTime: renewing ? before?.acquireTime : now,
    renewTime: now,
    leaseTransitions: (before?.leaseTransitions ?? 0) + (renewing ? 0 : 1),
  };
}

/** Gives the Lease back at an orderly stop, so that the next leader need not wait. */
async function release(deps: ElectionDeps, config: ElectionConfig, observed: Observed): Promise<void> {
  const lease = observed.lease;
  if (lease?.spec?.holderIdentity !== config.identity) return;
  const now = toMicroTime(deps.clock.now());
  const { leaseTransitions } = lease.spec;
  const spec = { leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaseTransitions };
  await withoutCauses(() =>
    deps.client.update(leases, { ...lease, spec } as never, { signal: AbortSignal.timeout(config.retryPeriod) }),
  ).catch((error) => deps.log.info({ lease: config.name, error: String(error) }, 'could not release the lease'));
}
