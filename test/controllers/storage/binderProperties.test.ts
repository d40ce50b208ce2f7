// Random claims, volumes, deletions and deaths of the binder between any two of its writes.
import { describe, expect, it } from 'vitest';
import { findVolume, isMeantFor } from '../../../apimachinery/storage/matching.ts';
import { keyOf } from '../../../client/informerCache.ts';
import { BinderWorld } from './binderWorld.ts';

const completed = 'pv.kubernetes.io/bind-completed';

function expectRest(world: BinderWorld): void {
  for (const claim of world.claims()) {
    const about = `claim ${keyOf(claim)} ${JSON.stringify(claim)}`;
    const volume = world.volume(claim.spec.volumeName ?? '');
    const isIts = volume?.spec.claimRef?.uid === claim.metadata.uid;
    if (claim.metadata.annotations?.[completed] !== undefined) {
      expect(claim.status.phase, about).toBe(isIts ? 'Bound' : 'Lost');
      if (isIts) expect(volume.status.phase, about).toBe('Bound');
      continue;
    }
    expect(claim.status.phase, about).toBe('Pending');
    // It waits only because there is nothing for it.
    if (!claim.spec.volumeName) expect(findVolume(claim, world.volumes())?.metadata.name, about).toBeUndefined();
  }
  for (const volume of world.volumes()) {
    const about = `volume ${JSON.stringify(volume)}`;
    const ref = volume.spec.claimRef;
    const claim = ref && world.claim(`${ref.namespace}/${ref.name}`);
    const isGone = ref?.uid && claim?.metadata.uid !== ref.uid;
    if (!ref?.uid) expect(volume.status.phase, about).toBe('Available');
    else if (isGone) expect(volume.status.phase, about).toBe('Released');
    else expect([isMeantFor(volume, claim), claim.spec.volumeName], about).toEqual([true, volume.metadata.name]);
  }
}

describe('the binder', () => {
  const totals = { bound: 0, killed: 0 };
  it.each(Array.from({ length: 60 }, (_, seed) => seed + 1))(
    'never gives a volume to two and always comes to rest, seed %i',
    async (seed) => {
      const world = new BinderWorld(seed);
      await world.run(700);
      await world.settle();
      expectRest(world);
      totals.bound += world.bound;
      totals.killed += world.killed;
    },
  );
  it('the worlds were worth it', () => {
    expect(totals.bound).toBeGreaterThan(300);
    expect(totals.killed).toBeGreaterThan(100);
  });
});
