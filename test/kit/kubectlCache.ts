// Before each test file: kubectl keeps what it knows of a server by host and port, in the home folder and for hours. Here each file has a
// cache of its own, so that a server never stands for another one that had its port before.
// Used by ../../vitest.config.ts and ../../vitest.compose.config.ts.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const folder = join(tmpdir(), `mk8s-kubectl-cache-${process.pid}-${Date.now().toString(36)}`);
process.env['KUBECACHEDIR'] = folder;
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
