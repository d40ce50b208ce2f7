// Jobs under fire: random Jobs and ends of pods, writes that fail before or after they are stored, caches that lag,
// a controller that is killed and starts afresh. Each Job ends, and no pod is counted twice.
import { describe, expect, it } from 'vitest';
import { parseIndexes } from '../../controllers/job/indexes.ts';
import { happen, World } from './jobWorld.ts';

/** mulberry32: the same numbers for the same seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const specs: ((n: number, p: number) => object)[] = [
  (completions, parallelism) => ({ completions, parallelism, backoffLimit: 1000 }),
  (_, parallelism) => ({ parallelism, backoffLimit: 1000 }),
  (completions, parallelism) => ({ completions, parallelism, backoffLimit: 2 }),
  (completions, parallelism) => ({ completions, parallelism, backoffLimit: 1000, podReplacementPolicy: 'Failed' }),
  (completions, parallelism) => ({ completions, parallelism, backoffLimit: 1000, completionMode: 'Indexed' }),
  (completions, parallelism) => ({
    completions,
    parallelism,
    backoffLimit: 2 ** 31 - 1,
    backoffLimitPerIndex: 1,
    completionMode: 'Indexed',
  }),
];

function check(world: World, parallelism: number): void {
  const { spec, status } = world.job();
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const { made, succeeded: ended } = world.history();
  expect((status.failed ?? 0) + failed.length).toBeLessThanOrEqual(made);
  if (spec.completionMode === 'Indexed') {
    for (const [first, last] of parseIndexes(status.completedIndexes, spec.completions))
      for (let i = first; i <= last; i++) expect(ended.has(String(i))).toBe(true);
  } else {
    expect((status.succeeded ?? 0) + succeeded.length).toBeLessThanOrEqual(ended.size);
    expect((status.succeeded ?? 0) + succeeded.length + (status.failed ?? 0) + failed.length).toBeLessThanOrEqual(made);
  }
  // A creation whose answer was lost may be repeated before the cache shows it, as upstream's.
  expect(world.active() - world.lostAnswers).toBeLessThanOrEqual(parallelism);
}

describe('counting', () => {
  it.each(Array.from({ length: 120 }, (_, i) => i))('world %d ends, with each pod counted once', async (seed) => {
    const random = numbers(seed + 1);
    const parallelism = 1 + Math.floor(random() * 4);
    const world = new World(specs[seed % specs.length]!(1 + Math.floor(random() * 6), parallelism), random);
    for (let step = 0; step < 6000 && !world.isFinished(); step++) {
      world.faults = step < 1500;
      await happen(world);
      check(world, parallelism);
    }
    expect(world.isFinished()).toBe(true);
    const { spec, status } = world.job();
    expect([status.uncountedTerminatedPods, status.active ?? 0, status.terminating ?? 0]).toEqual([{}, 0, 0]);
    const complete = status.conditions.some((c: any) => c.type === 'Complete');
    if (complete && spec.completions) expect(status.succeeded).toBeGreaterThanOrEqual(spec.completions);
    if (spec.completionMode === 'Indexed') return;
    // Every pod that ended by itself was counted, as one or the other; one that was too many may not be.
    const counted = (status.succeeded ?? 0) + (status.failed ?? 0);
    expect(counted).toBeGreaterThanOrEqual(world.undeleted() - world.lostAnswers);
  });
});
