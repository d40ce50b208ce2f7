// A simulated container as its shell sees it: environment, host name, files. Files of mounted volumes are real ones; what is written
// elsewhere is kept with the container's record for as long as this process runs. Used by: sessions.ts, ownCommand.ts.
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mounted, mountOf } from './mounts.ts';
import type { SimulatedNode } from './node.ts';
import type { ContainerRecord } from './records.ts';
import type { ShellWorld } from './shell/world.ts';

type Time = Pick<ShellWorld, 'now' | 'sleep' | 'turn' | 'gone'>;

export function containerWorld(node: SimulatedNode, c: ContainerRecord): Omit<ShellWorld, keyof Time> {
  const hostname = node.sandboxes.get(c.sandboxId)?.hostname || c.name;
  const env = new Map([
    ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ['HOSTNAME', hostname],
    ...(c.envs ?? []).map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  ]);
  return { env, hostname, uid: Number((c.user as { uid?: number } | null)?.uid ?? 0), ...filesOf(c, hostname) };
}

/** Time as it passes. */
export const realTime = (node: SimulatedNode, gone: AbortSignal): Time => ({
  now: () => Math.floor(node.host.clock.now() / 1000),
  sleep: (ms) => sleep(Math.min(ms, 2 ** 31 - 1), gone),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
  gone,
});

function sleep(ms: number, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (gone.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      gone.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    gone.addEventListener('abort', end);
  });
}

/** What containers wrote outside of their mounts: bytes of a file, or a folder. */
const written = new WeakMap<ContainerRecord, Map<string, Buffer | 'folder'>>();
/** A container that writes more than this to one file has a full disk. */
const largestFile = 1 << 20;

type Files = Pick<ShellWorld, 'readFile' | 'readFolder' | 'writeFile' | 'removeFile' | 'makeFolder'>;

function filesOf(c: ContainerRecord, hostname: string): Files {
  const own = written.get(c) ?? new Map<string, Buffer | 'folder'>([['/etc/hostname', Buffer.from(`${hostname}\n`)]]);
  written.set(c, own);
  /** Acts on the real file where there is one; undefined when that fails. */
  const real = <T>(path: string, act: (path: string) => T): T | undefined => {
    const at = mounted(c, path);
    try {
      return at === undefined ? undefined : act(at);
    } catch {
      return undefined;
    }
  };
  const bytesAt = (path: string) => {
    const held = own.get(path);
    return held === 'folder' ? undefined : held;
  };
  return {
    readFile: (path) => (mounted(c, path) ? real(path, (p) => readFileSync(p)) : bytesAt(path)),
    readFolder: (path) => real(path, (p) => readdirSync(p).sort()) ?? namesUnder(c, own, path),
    writeFile(path, data, append) {
      const mount = mountOf(c, path);
      if (mount?.readonly) return false;
      if (mount) return real(path, (p) => [append ? appendFileSync(p, data) : writeFileSync(p, data)]) !== undefined;
      const bytes = Buffer.concat([(append && bytesAt(path)) || Buffer.alloc(0), data]);
      if (bytes.length > largestFile) return false;
      own.set(path, bytes);
      return true;
    },
    removeFile(path) {
      if (mounted(c, path)) return real(path, (p) => [rmSync(p, { recursive: true })]) !== undefined;
      const gone = [...own.keys()].filter((p) => p === path || p.startsWith(`${path}/`));
      for (const p of gone) own.delete(p);
      return gone.length > 0;
    },
    makeFolder(path) {
      if (mounted(c, path)) return real(path, (p) => [mkdirSync(p, { recursive: true })]) !== undefined;
      own.set(path, 'folder');
      return true;
    },
  };
}

/** What a folder of the image shows: the way to what is mounted or was written, and a little more. */
function namesUnder(c: ContainerRecord, own: Map<string, unknown>, path: string): string[] | undefined {
  const known = ['/tmp', '/bin/sh', ...own.keys(), ...(c.mounts ?? []).map((m) => m.containerPath!)];
  const folder = path.replace(/\/*$/, '/');
  const names = known.filter((p) => p.startsWith(folder)).map((p) => p.slice(folder.length).split('/')[0]!);
  const there = names.length > 0 || own.get(path) === 'folder' || path === '/tmp';
  return there ? [...new Set(names)].filter(Boolean).sort() : undefined;
}
