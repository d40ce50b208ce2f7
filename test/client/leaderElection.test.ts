import { describe, expect, it } from 'vitest';
import { leases } from '../../apimachinery/resources.ts';
import { alreadyExists, conflict, modified, notFound } from '../../apimachinery/status.ts';
import { type Client, ConnectionError } from '../../client/client.ts';
import { type ElectionConfig, leaderElectionFlags, nextSpec, runLeaderElection } from '../../client/leaderElection.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { type FakeClock, fakeClock } from './fakeClock.ts';

const config = (identity: string): ElectionConfig => ({
  namespace: 'kube-system',
  name: 'lock',
  identity,
  leaseDuration: 15_000,
  renewDeadline: 10_000,
  retryPeriod: 2_000,
});

/** One Lease behind a compare-and-swap, and a client of it that can be cut off. */
function server() {
  let lease: any;
  let version = 0;
  const client = (reachable: () => boolean): Client =>
    ({
      async get() {
        if (!reachable()) throw new ConnectionError('cut');
        if (!lease) throw notFound(leases, 'lock');
        return structuredClone(lease);
      },
      async create(_r: unknown, o: any) {
        if (!reachable()) throw new ConnectionError('cut');
        if (lease) throw alreadyExists(leases, 'lock');
        lease = { ...o, metadata: { ...o.metadata, resourceVersion: String(++version) } };
        return structuredClone(lease);
      },
      async update(_r: unknown, o: any) {
        if (!reachable()) throw new ConnectionError('cut');
        if (o.metadata.resourceVersion !== lease.metadata.resourceVersion) throw conflict(leases, 'lock', modified);
        lease = { ...o, metadata: { ...o.metadata, resourceVersion: String(++version) } };
        return structuredClone(lease);
      },
    }) as unknown as Client;
  return { client, lease: () => lease };
}

/** A candidate; `leading` says whether it acts now. */
function candidate(identity: string, client: Client, clock: FakeClock) {
  const state = { leading: false, outcome: '', leadEnds: 0 };
  const ending = new AbortController();
  const deps = { client, clock, random: () => 0, log: silentLogger };
  const lead = async (signal: AbortSignal) => {
    state.leading = true;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    state.leading = false;
    state.leadEnds = clock.now();
  };
  const done = runLeaderElection(deps, config(identity), lead, ending.signal).then((outcome) => {
    state.outcome = outcome;
  });
  return { state, done, stop: () => ending.abort() };
}

describe('leader election', () => {
  it('has upstream defaults', () => {
    const flags = leaderElectionFlags('kube-scheduler');
    expect([
      flags['leader-elect-lease-duration'].default,
      flags['leader-elect-renew-deadline'].default,
      flags['leader-elect-retry-period'].default,
    ]).toEqual([15_000, 10_000, 2_000]);
  });

  it('lets one lead, who renews every 2 s, while the other waits', async () => {
    const clock = fakeClock();
    const s = server();
    const a = candidate(
      'a',
      s.client(() => true),
      clock,
    );
    await clock.advance(10);
    const b = candidate(
      'b',
      s.client(() => true),
      clock,
    );
    await clock.advance(60_000);
    expect([a.state.leading, b.state.leading]).toEqual([true, false]);
    expect(s.lease().spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 });
    expect(clock.now() - Date.parse(s.lease().spec.renewTime)).toBeLessThan(2_100);
    a.stop();
    b.stop();
    await clock.advance(20_000);
  });

  it('hands over at once on an orderly stop', async () => {
    const clock = fakeClock();
    const s = server();
    const a = candidate(
      'a',
      s.client(() => true),
      clock,
    );
    await clock.advance(100);
    const b = candidate(
      'b',
      s.client(() => true),
      clock,
    );
    await clock.advance(5_000);
    a.stop();
    await clock.advance(2_500);
    expect([a.state.outcome, b.state.leading]).toEqual(['stopped', true]);
    expect(s.lease().spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
    b.stop();
    await clock.advance(10);
    expect(s.lease().spec.holderIdentity).toBeUndefined();
  });

  it('a leader that is cut off stops before the other can take over, and only then it does', async () => {
    const clock = fakeClock();
    const s = server();
    let reachable = true;
    const a = candidate(
      'a',
      s.client(() => reachable),
      clock,
    );
    await clock.advance(100);
    const b = candidate(
      'b',
      s.client(() => true),
      clock,
    );
    await clock.advance(20_000);
    reachable = false;
    let both = false;
    for (let i = 0; i < 300; i++) {
      await clock.advance(100);
      both ||= a.state.leading && b.state.leading;
    }
    expect(both).toBe(false);
    expect(a.state.outcome).toBe('lost');
    expect(b.state.leading).toBe(true);
    expect(clock.now() - a.state.leadEnds).toBeGreaterThan(5_000);
    b.stop();
    await clock.advance(10);
  });

  it('trusts no clock but its own: a renewTime in the past does not make a Lease free', async () => {
    const clock = fakeClock();
    const s = server();
    const skewed = fakeClock(0);
    const a = candidate(
      'a',
      s.client(() => true),
      skewed,
    );
    await skewed.advance(10);
    const b = candidate(
      'b',
      s.client(() => true),
      clock,
    );
    for (let i = 0; i < 30; i++) {
      await clock.advance(1_000);
      await skewed.advance(1_000);
    }
    expect([a.state.leading, b.state.leading]).toEqual([true, false]);
    a.stop();
    b.stop();
    await clock.advance(10_000);
    await skewed.advance(10_000);
  });

  it('goes on through a short cut', async () => {
    const clock = fakeClock();
    const s = server();
    let reachable = true;
    const a = candidate(
      'a',
      s.client(() => reachable),
      clock,
    );
    await clock.advance(3_000);
    reachable = false;
    await clock.advance(6_000);
    reachable = true;
    await clock.advance(30_000);
    expect(a.state.leading).toBe(true);
    a.stop();
    await clock.advance(10);
  });

  it.each([
    [undefined, 0, 1],
    ['other', 3, 4],
    ['me', 3, 3],
  ])('a lease held by %s with %d transitions has %d once it is ours', (holderIdentity, before, after) => {
    const spec = nextSpec({ holderIdentity, leaseTransitions: before, acquireTime: 'then' }, config('me'), 'now');
    expect(spec).toMatchObject({
      holderIdentity: 'me',
      leaseTransitions: after,
      renewTime: 'now',
      acquireTime: holderIdentity === 'me' ? 'then' : 'now',
    });
  });
});
