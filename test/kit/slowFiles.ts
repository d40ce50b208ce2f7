// The order in which test files run: as vitest has it, but for small files that take long. In a fresh checkout vitest knows no
// durations and runs the largest files first, so these would come last, when nothing is left for the other worker to do meanwhile.
// Used by ../../vitest.config.ts.
import { BaseSequencer, type TestSequencer, type TestSpecification, type Vitest } from 'vitest/node';

/** The one that waits longest for the clock comes first; the others apart from each other, as each wants much of the machine. */
export const slow = [
  'conformance/workloads',
  'conformance/conformance',
  'e2e/faults',
  'e2e/life',
  'fuzz/fuzz',
  'cli/up/lifecycle',
];
const apart = 20;

/** Takes `slow` out of a list of paths and puts them back early, `apart` places from each other. */
export function slowEarly<T>(files: readonly T[], pathOf: (file: T) => string): T[] {
  const names = slow.map((name) => `/test/${name}.test.ts`);
  const found = names.flatMap((name) => files.filter((file) => pathOf(file).endsWith(name)));
  const order = files.filter((file) => !found.includes(file));
  for (const [i, file] of found.entries()) order.splice(i * apart, 0, file);
  return order;
}

export class SlowEarly implements TestSequencer {
  readonly #base: BaseSequencer;
  constructor(vitest: Vitest) {
    this.#base = new BaseSequencer(vitest);
  }
  shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    return this.#base.shard(files);
  }
  async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return slowEarly(await this.#base.sort(files), (file) => file.moduleId);
  }
}
