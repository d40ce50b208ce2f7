// The compile cache is filled before the first process starts, and only once for the same sources.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { dataDir } from '../../../cli/up/dataDir.ts';
import type { Plan } from '../../../cli/up/plan.ts';
import { warmCompileCache } from '../../../cli/up/warm.ts';

const folder = mkdtempSync(join(tmpdir(), 'mk8s-warm-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('loads every program of the plan, the supervisor too, without running any', async () => {
  const dir = dataDir(folder);
  mkdirSync(dir.cache, { recursive: true });
  const program = (name: string) => ({ name, program: `${name}/main.ts`, args: [] }) as unknown as Plan['processes'][0];
  const plan: Plan = { server: '', kubeconfig: '', manifests: [], processes: [program('runtime'), program('proxy')] };
  await warmCompileCache(dir, plan);
  const stamp = join(dir.cache, 'stamp');
  // It is written only when all could be loaded.
  expect(existsSync(stamp)).toBe(true);
  expect(readdirSync(dir.cache).length).toBeGreaterThan(1);
  const { mtimeMs } = statSync(stamp);
  await warmCompileCache(dir, plan);
  expect(statSync(stamp).mtimeMs).toBe(mtimeMs);
});
