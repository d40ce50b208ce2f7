// The static pods of a folder (or of one file), looked for every --file-check-frequency and when the folder changes.
// Reads: --pod-manifest-path. Tells: the whole set of pods each time it may have changed.
// Mirrors: pkg/kubelet/config/file.go and file_linux.go. Next: podConfig in syncLoop.ts.
import { watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { toTime } from '../../apimachinery/clock.ts';
import type { Pod } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import type { KubeletContext } from '../context.ts';
import { staticPod } from './staticPods.ts';

/** Resolves after the first look. `tell` gets all pods of the folder, each time anything is new. */
export async function watchManifests(
  k: KubeletContext,
  path: string,
  signal: AbortSignal,
  tell: (pods: Pod[]) => void,
): Promise<void> {
  const seen = new Map<string, Pod>();
  let last = '';
  async function look(): Promise<void> {
    const pods = await readManifests(k, path, seen);
    const now = pods.map((p) => p.metadata.uid).join(',');
    if (now === last) return;
    last = now;
    tell(pods);
  }
  let looking: Promise<void> = Promise.resolve();
  const again = () => {
    looking = looking
      .then(look)
      .catch((error) => k.log.warn({ path, error: String(error) }, 'cannot read static pods'));
  };
  again();
  await looking;
  if (!last) tell([]);
  void every(k, k.config['file-check-frequency'], signal, again);
  notice(path, signal, again);
}

async function every(k: KubeletContext, ms: number, signal: AbortSignal, act: () => void): Promise<void> {
  for (await sleep(k.clock, ms, signal); !signal.aborted; await sleep(k.clock, ms, signal)) act();
}

/** Faster than polling where the file system tells; polling does the rest. */
function notice(path: string, signal: AbortSignal, act: () => void): void {
  try {
    const watcher = watch(path, { signal }, act);
    watcher.on('error', () => watcher.close());
  } catch {
    // The folder is not there yet.
  }
}

async function readManifests(k: KubeletContext, path: string, seen: Map<string, Pod>): Promise<Pod[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return [];
  const names = found.isDirectory() ? (await readdir(path)).filter((n) => !n.startsWith('.')).sort() : [''];
  const pods: Pod[] = [];
  for (const name of names) {
    const file = name ? join(path, name) : path;
    try {
      pods.push(...(await readManifest(k, file, seen)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EISDIR') continue;
      k.log.warn({ file, error: (error as Error).message }, 'cannot take static pod');
      // Half-written or broken: what ran from it goes on.
      pods.push(...[...seen.values()].filter((p) => fileOf.get(p) === file));
    }
  }
  const uids = new Set(pods.map((p) => p.metadata.uid));
  for (const uid of seen.keys()) if (!uids.has(uid)) seen.delete(uid);
  return pods;
}

const fileOf = new WeakMap<Pod, string>();

async function readManifest(k: KubeletContext, file: string, seen: Map<string, Pod>): Promise<Pod[]> {
  const text = await readFile(file, 'utf8');
  if (!text.trim()) throw new Error('the file is empty');
  // Loaded when there is a manifest: most nodes have none.
  const { parseAllDocuments } = await import('yaml');
  const documents = parseAllDocuments(text, { version: '1.1' });
  return [...documents].flatMap((d) => {
    if ('errors' in d && d.errors[0]) throw d.errors[0];
    const parsed = d.toJS() as { kind?: string; items?: unknown[] } | null;
    const items = parsed?.kind === 'PodList' ? (parsed.items ?? []) : parsed ? [parsed] : [];
    return items.map((item) => {
      const pod = staticPod(item, file, k.config.nodeName, toTime(k.clock.now()));
      const known = seen.get(pod.metadata.uid!);
      if (known) return known;
      seen.set(pod.metadata.uid!, pod);
      fileOf.set(pod, file);
      return pod;
    });
  });
}
