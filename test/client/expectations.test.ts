import { describe, expect, it } from 'vitest';
import { createExpectations } from '../../client/expectations.ts';
import { fakeClock } from './fakeClock.ts';

describe('expectations', () => {
  it('hold until every creation was seen', () => {
    const e = createExpectations(fakeClock());
    expect(e.satisfied('rs')).toBe(true);
    e.expectCreations('rs', 2);
    e.creationObserved('rs');
    expect(e.satisfied('rs')).toBe(false);
    e.creationObserved('rs');
    expect(e.satisfied('rs')).toBe(true);
  });

  it('count a deletion once, though it is said when it begins and when it ends', () => {
    const e = createExpectations(fakeClock());
    e.expectDeletions('rs', ['d/a', 'd/b']);
    e.deletionObserved('rs', 'd/a');
    e.deletionObserved('rs', 'd/a');
    expect(e.satisfied('rs')).toBe(false);
    e.deletionObserved('rs', 'd/b');
    expect(e.satisfied('rs')).toBe(true);
  });

  it('are not those of another object that had the name before', () => {
    const e = createExpectations(fakeClock());
    expect(e.passedOn('rs', 'first')).toBe(false);
    e.expectCreations('rs', 1);
    expect(e.passedOn('rs', 'first')).toBe(false);
    expect(e.satisfied('rs')).toBe(false);
    expect(e.passedOn('rs', 'second')).toBe(true);
    expect(e.satisfied('rs')).toBe(true);
    e.forget('rs');
    expect(e.passedOn('rs', 'third')).toBe(false);
  });

  it('end by themselves after five minutes', async () => {
    const clock = fakeClock();
    const e = createExpectations(clock);
    e.expectCreations('rs', 1);
    await clock.advance(299_000);
    expect(e.satisfied('rs')).toBe(false);
    await clock.advance(2_000);
    expect(e.satisfied('rs')).toBe(true);
  });
});
