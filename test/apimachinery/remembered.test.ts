import { expect, test } from 'vitest';
import { Remembered } from '../../apimachinery/remembered.ts';

test('gives what was set for the text, until two generations of others have come', () => {
  const kept = new Remembered<number>(10);
  kept.set('aaaa', 1);
  kept.set('bbbb', 2);
  expect([kept.get('aaaa'), kept.get('bbbb'), kept.get('cccc')]).toEqual([1, 2, undefined]);
  kept.set('cccc', 3);
  expect([kept.get('aaaa'), kept.get('cccc')]).toEqual([1, 3]);
  kept.set('dddd', 4);
  kept.set('eeee', 5);
  expect(['bbbb', 'cccc', 'dddd', 'eeee'].map((text) => kept.get(text))).toEqual([undefined, 3, 4, 5]);
});

test('what is asked for stays, however many come', () => {
  const kept = new Remembered<number>(10);
  kept.set('used', 1);
  for (let i = 0; i < 100; i++) {
    kept.set(`n${i}`, i);
    expect(kept.get('used')).toBe(1);
  }
  expect(kept.get('n0')).toBeUndefined();
});

test('a text longer than a generation is not kept, and drives nothing out', () => {
  const kept = new Remembered<number>(10);
  kept.set('a', 1);
  kept.set('x'.repeat(11), 2);
  expect([kept.get('a'), kept.get('x'.repeat(11))]).toEqual([1, undefined]);
});
