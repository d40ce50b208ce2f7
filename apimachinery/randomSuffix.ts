// Random name endings: what follows generateName, and Events' and controllers' names.
// Reads: a source of randomness. Writes: text. Mirrors: apimachinery/pkg/util/rand/rand.go.
// Next: hash.ts writes numbers in the same alphabet.

/** No vowels and no 0, 1, 3, which look like vowels: no accidental words. */
export const safeAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** `length` characters of the safe alphabet; `random` gives numbers from 0 up to 1. */
export function randomSuffix(length = 5, random: () => number = Math.random): string {
  let text = '';
  for (let i = 0; i < length; i++) text += safeAlphabet[Math.floor(random() * safeAlphabet.length)];
  return text;
}
