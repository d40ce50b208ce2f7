import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { realClock } from '../../apimachinery/clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const day = 24 * 3600_000;

it.each([1, 20, 25, 60, 3000])('a timer of %i days fires then, once', async (days) => {
  const called = vi.fn();
  realClock.setTimeout(called, days * day);
  await vi.advanceTimersByTimeAsync(days * day - 1);
  expect(called).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(called).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(60 * day);
  expect(called).toHaveBeenCalledOnce();
});

it.each([10, 30, 80])('a timer of 60 days is cancelled on day %i, if it is not over', async (days) => {
  const called = vi.fn();
  const timer = realClock.setTimeout(called, 60 * day);
  await vi.advanceTimersByTimeAsync(days * day);
  timer.cancel();
  await vi.advanceTimersByTimeAsync(90 * day);
  expect(called).toHaveBeenCalledTimes(days > 60 ? 1 : 0);
});
