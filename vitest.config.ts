// Which test files belong to which run: `unit` needs nothing but Node, `integration` starts servers and processes.
import { defineConfig } from 'vitest/config';
import { SlowEarly } from './test/kit/slowFiles.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Wants the machine to itself: vitest.compose.config.ts.
    exclude: ['test/compose/compose.test.ts'],
    setupFiles: ['test/kit/kubectlCache.ts'],
    // Patience costs nothing when all is well: on two slow cores a process may take seconds to start.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    // One more than cores: many tests wait for processes, timers and disks; a fourth at a time makes the whole no quicker.
    maxWorkers: 3,
    sequence: { sequencer: SlowEarly },
  },
});
