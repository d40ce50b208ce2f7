// The compose test alone, since it wants the machine to itself: npm run test:compose, and the end of .ci/run.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/compose/compose.test.ts'],
    setupFiles: ['test/kit/kubectlCache.ts'],
    pool: 'forks',
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
