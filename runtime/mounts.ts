// Where a path inside a container is on this machine. Pure.
// Used by: life.ts (files that annotations name), containerWorld.ts (files of the simulated shell).
import { join } from 'node:path';
import type { ContainerRecord } from './records.ts';

/** The mount that holds `path`: of several the innermost. */
export function mountOf(c: ContainerRecord, path: string) {
  const under = (c.mounts ?? []).filter((m) => path === m.containerPath || path.startsWith(`${m.containerPath}/`));
  return under.sort((a, b) => b.containerPath!.length - a.containerPath!.length)[0];
}

/** Undefined when no volume is mounted there. */
export function mounted(c: ContainerRecord, path: string): string | undefined {
  const mount = mountOf(c, path);
  return mount && join(mount.hostPath!, path.slice(mount.containerPath!.length));
}
