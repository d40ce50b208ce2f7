// Fills V8's compile cache before the components start. A module that comes from the cache needs no type stripping, whose
// WebAssembly would else stay in each process: 16 MB a process, and half of its start-up time.
// Reads the sources' times; writes <data-dir>/cache. Used by prepare.ts.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataDir } from './dataDir.ts';
import type { Plan } from './plan.ts';

const root = join(import.meta.dirname, '..', '..');
/** Folders of the repository that no component loads anything from. */
const others = new Set(['node_modules', 'test', 'bench', 'scripts', 'bin', 'manifests', 'labs']);

const sourceFolders = () =>
  readdirSync(root, { withFileTypes: true })
    .filter((d) => d.isDirectory() && !d.name.startsWith('.') && !others.has(d.name))
    .map((d) => d.name);

/** Changes with Node, with the programs that run and with every edit of the sources. */
function fingerprint(plan: Plan): string {
  let files = 0;
  let newest = 0;
  for (const folder of sourceFolders()) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
      files++;
      newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
    }
  }
  const programs = [...new Set(plan.processes.map((p) => p.program))].sort();
  return JSON.stringify([process.version, files, newest, programs]);
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** Loads each program once, in processes that end. A cluster whose cache could not be filled runs all the same. */
export async function warmCompileCache(dir: DataDir, plan: Plan): Promise<void> {
  const stamp = join(dir.cache, 'stamp');
  const now = fingerprint(plan);
  if (read(stamp) === now) return;
  const programs = [
    ...new Set(plan.processes.map((p) => p.program)),
    'cli/up/supervisor.ts',
    'cli/up/waitReady.ts',
    'cli/up/seed.ts',
  ];
  // The API server is half of the code and shares little of it with the others.
  const isServer = (p: string) => p.startsWith('apiserver/');
  const halves = [
    programs.filter(isServer).flatMap((p) => [p, storeModule(plan)]),
    programs.filter((p) => !isServer(p)),
  ];
  const codes = await Promise.all(halves.map((half) => loadAll(dir, half)));
  if (codes.every((code) => code === 0)) writeFileSync(stamp, now);
}

/** The API server loads the store that its flags ask for, and no other. */
const storeModule = (plan: Plan): string =>
  plan.processes.some((p) => p.args.some((a) => a.startsWith('--etcd-servers=')))
    ? 'apiserver/storage/etcd.ts'
    : 'apiserver/storage/embedded.ts';

/** Resolves with the exit code, or with what kept it from starting. */
function loadAll(dir: DataDir, programs: readonly string[]): Promise<unknown> {
  return new Promise((resolve) => {
    const loader = join(import.meta.dirname, 'loadAll.ts');
    const env = { ...process.env, NODE_COMPILE_CACHE: dir.cache };
    const child = spawn(process.execPath, [loader, ...programs.map((p) => join(root, p))], { env, stdio: 'ignore' });
    child.on('error', resolve);
    child.on('exit', resolve);
  });
}
