// Reads a container's log as CRI runtimes write it and gives back what the container wrote.
// Reads: one file, and its successors when it is rotated while followed. Writes: bytes.
// Mirrors: staging/src/k8s.io/cri-client/pkg/logs/logs.go. Next: logs.ts.
import { type FileHandle, open, stat } from 'node:fs/promises';

export interface LogOptions {
  follow: boolean;
  timestamps: boolean;
  /** Lines from the end; undefined: all. */
  tail?: number;
  /** Milliseconds since the epoch: earlier lines are left out. */
  since?: number;
  limitBytes?: number;
  /** Only one of `stdout` and `stderr`. */
  stream?: 'stdout' | 'stderr';
}

export interface LogLine {
  time: string;
  stream: string;
  /** The text ends with the line; else it goes on in the next. */
  full: boolean;
  text: Buffer;
}

/** `<RFC3339Nano> <stdout|stderr> <P|F>[:tags] <text>`; undefined for what is no such line. Pure. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const first = line.indexOf(0x20);
  const second = line.indexOf(0x20, first + 1);
  const third = line.indexOf(0x20, second + 1);
  if (first <= 0 || second < 0) return undefined;
  const end = third < 0 ? line.length : third;
  const stream = line.toString('utf8', first + 1, second);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const full = line.toString('utf8', second + 1, end).split(':')[0] !== 'P';
  return {
    time: line.toString('utf8', 0, first),
    stream,
    full,
    text: third < 0 ? Buffer.alloc(0) : line.subarray(third + 1),
  };
}

const pollEvery = 200;
const chunkSize = 64 * 1024;

/** `running`: may the container still write? Ends with the signal, the limit, or (following) with the container. */
export async function* readLog(
  path: string,
  o: LogOptions,
  running: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let left = o.limitBytes ?? Number.POSITIVE_INFINITY;
  let lineStart = true;
  // A log that grows while it is read: the last two lines are two all the same.
  let lines = o.follow ? Number.POSITIVE_INFINITY : (o.tail ?? Number.POSITIVE_INFINITY);
  for await (const raw of rawLines(path, o, running, signal)) {
    if (lines <= 0) return;
    const line = parseLogLine(raw);
    if (line) lines--;
    if (!line || (o.stream && line.stream !== o.stream)) continue;
    if (o.since !== undefined && Date.parse(line.time) < o.since) continue;
    const parts = [o.timestamps && lineStart ? `${line.time} ` : '', line.text, line.full ? '\n' : ''];
    lineStart = line.full;
    const out = Buffer.concat(parts.map((p) => Buffer.from(p)));
    if (out.length >= left) {
      yield out.subarray(0, left);
      return;
    }
    left -= out.length;
    yield out;
  }
}

/** Whole lines, from where the tail begins; waits for more when following, and goes on in the file that takes over. */
async function* rawLines(
  path: string,
  o: LogOptions,
  running: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let file = await open(path);
  try {
    let position = o.tail === undefined ? 0 : await tailStart(file, o.tail);
    let rest = Buffer.alloc(0);
    while (!signal.aborted) {
      const buffer = Buffer.alloc(chunkSize);
      const { bytesRead } = await file.read(buffer, 0, chunkSize, position);
      position += bytesRead;
      const { lines, tail } = splitLines(Buffer.concat([rest, buffer.subarray(0, bytesRead)]));
      rest = tail;
      yield* lines;
      if (bytesRead > 0) continue;
      if (!o.follow) break;
      const next = await successor(file, path);
      if (next) {
        await file.close();
        file = next;
        position = 0;
        continue;
      }
      if (!(await running())) {
        // What was written between the last read and the end.
        if ((await file.stat()).size <= position) break;
        continue;
      }
      await pause(signal);
    }
    // The last line may be cut off when the runtime died while writing it.
    if (rest.length && !o.follow) yield rest;
  } finally {
    await file.close();
  }
}

function splitLines(data: Buffer): { lines: Buffer[]; tail: Buffer<ArrayBuffer> } {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, start)) {
    lines.push(data.subarray(start, end));
    start = end + 1;
  }
  return { lines, tail: Buffer.from(data.subarray(start)) };
}

/** The file that has the name now, when it is another one. */
async function successor(file: FileHandle, path: string): Promise<FileHandle | undefined> {
  const [mine, named] = [await file.stat(), await stat(path).catch(() => undefined)];
  if (!named || named.ino === mine.ino) return undefined;
  return open(path);
}

const pause = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, pollEvery);
    signal.addEventListener('abort', end);
  });

/** Where the last `lines` lines begin: read backwards, a block at a time. */
async function tailStart(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  if (lines <= 0) return size;
  let found = 0;
  let position = size;
  while (position > 0) {
    const length = Math.min(chunkSize, position);
    position -= length;
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, position);
    for (let i = length - 1; i >= 0; i--) {
      // The line end at the very end of the file closes the last line and begins none.
      if (buffer[i] !== 10 || position + i === size - 1) continue;
      found++;
      if (found === lines) return position + i + 1;
    }
  }
  return 0;
}
