// Keeps container logs from filling the disk: a log past its size is renamed, reopened by the runtime, and old ones go.
// Reads: sizes of log files. Writes: renames, gzip, CRI ReopenContainerLog. Mirrors: pkg/kubelet/logs/container_log_manager.go.
// Next: server/logReader.ts follows over the rename.
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { quantityValue } from '../apimachinery/quantity.ts';
import { sleep } from '../client/backoff.ts';
import { containerLogPath } from './container/containerConfig.ts';
import { labelNames, readContainerAnnotations } from './container/labels.ts';
import type { KubeletContext } from './context.ts';

const every = 10_000;

export async function rotateLogs(k: KubeletContext, signal: AbortSignal): Promise<void> {
  const most = quantityValue(k.config['container-log-max-size']);
  for (await sleep(k.clock, every, signal); !signal.aborted; await sleep(k.clock, every, signal)) {
    await rotateOnce(k, most).catch((error) => k.log.info({ error: String(error) }, 'logs not rotated'));
  }
}

async function rotateOnce(k: KubeletContext, most: number): Promise<void> {
  const { containers } = await k.cri.runtime.listContainers({ filter: { state: { state: 'CONTAINER_RUNNING' } } });
  for (const c of containers) {
    const {
      [labelNames.podNamespace]: ns,
      [labelNames.podName]: pod,
      [labelNames.podUid]: uid,
      [labelNames.containerName]: name,
    } = c.labels;
    if (!uid || !name) continue;
    const attempt = readContainerAnnotations(c.annotations).restartCount;
    const path = join(k.config.podLogsDir, `${ns}_${pod}_${uid}`, containerLogPath(name, attempt));
    const found = await stat(path).catch(() => undefined);
    if (!found || found.size < most) continue;
    await rotate(path, k.config['container-log-max-files'], k.clock.now(), async () => {
      await k.cri.runtime.reopenContainerLog({ containerId: c.id });
    });
  }
}

/** `reopen` makes the runtime write to a new file of the old name; when it cannot, the old one is put back. */
export async function rotate(path: string, mostFiles: number, now: number, reopen: () => Promise<void>): Promise<void> {
  const old = await rotatedLogs(path);
  for (const file of old.slice(0, Math.max(0, old.length - (mostFiles - 2)))) await rm(file, { force: true });
  for (const file of await rotatedLogs(path)) if (!file.endsWith('.gz')) await compress(file);
  const stamp = new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const aside = `${path}.${stamp}`;
  await rename(path, aside);
  try {
    await reopen();
  } catch (error) {
    await rename(aside, path);
    throw error;
  }
}

/** What was rotated out of this log, the oldest first. */
async function rotatedLogs(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .filter((n) => n.startsWith(`${basename(path)}.`) && !n.endsWith('.tmp'))
    .sort()
    .map((n) => join(dirname(path), n));
}

async function compress(file: string): Promise<void> {
  await pipeline(createReadStream(file), createGzip(), createWriteStream(`${file}.tmp`));
  await rename(`${file}.tmp`, `${file}.gz`);
  await rm(file, { force: true });
}
