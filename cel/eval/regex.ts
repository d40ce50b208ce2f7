// Regular expressions of RE2's syntax and in RE2's linear time, compiled once and kept.
// Reads: patterns. Mirrors: Go's regexp as cel-go uses it. Next: matches(), find() and findAll() use it.
import { RE2JS } from 're2js';
import { EvalFailure, work } from './meter.ts';

const kept = new Map<string, RE2JS>();
const capacity = 256;

/** Throws EvalFailure where the pattern is none. */
export function regex(pattern: string): RE2JS {
  const known = kept.get(pattern);
  if (known) return known;
  // Compiling takes far longer than the cost model thinks, so patterns made in a loop count as work.
  work(pattern.length * 100);
  const compiled = compile(pattern);
  work(compiled.programSize() * 20);
  if (kept.size >= capacity) kept.delete(kept.keys().next().value!);
  if (pattern.length < 1024) kept.set(pattern, compiled);
  return compiled;
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (e) {
    throw new EvalFailure((e as Error).message);
  }
}

export function isRegex(pattern: string): boolean {
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    return false;
  }
}
