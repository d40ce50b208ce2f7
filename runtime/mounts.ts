// Where a path inside a container is on this machine. Pure.
// Used by: life.ts (files that annotations name), sessions.ts (files of the simulated shell).
import { join } from 'node:path';
import type { ContainerRecord } from './records.ts';

/** Undefined when no volume is mounted there. */
export function mounted(c: ContainerRecord, path: string): string | undefined {
  const under = (c.mounts ?? []).filter((m) => path === m.containerPath || path.startsWith(`${m.containerPath}/`));
  const mount = under.sort((a, b) => b.containerPath!.length - a.containerPath!.length)[0];
  return mount && join(mount.hostPath!, path.slice(mount.containerPath!.length));
}
