// A little of `npm run fuzz` with a seed that never changes: each target runs, and finds nothing.
// What longer runs have found is a case of the test of the part that it was found in.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FuzzServer, startFuzzServer } from './fuzzServer.ts';
import { createRandom } from './random.ts';
import { targets } from './targets.ts';

let fuzzed: FuzzServer;
beforeAll(async () => {
  fuzzed = await startFuzzServer();
});
afterAll(() => fuzzed.stop());

describe.each(targets)('fuzz $name', (target) => {
  it('finds nothing in a hundred cases', async () => {
    const random = createRandom(1);
    const findings: (string | undefined)[] = [];
    for (let n = 0; n < 100; n++) findings.push(await target.run(random.fork(n), fuzzed, n));
    expect(findings.filter(Boolean)).toEqual([]);
    // Two slow cores may hold the loop up; what must not be is an error that nobody handled, or an end.
    expect(fuzzed.complaints().filter((text) => !text.startsWith('the event loop'))).toEqual([]);
    expect((await fuzzed.http('/readyz')).code).toBe(200);
  });
});
