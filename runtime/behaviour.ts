// What a simulated pod does, read from its annotations under simulated.mini-k8s.io/; README.md documents each of them.
// Pure: annotations in, plain values out; a malformed one throws a CriError that names it.
// Used by: sandboxes.ts, containers.ts, life.ts, exec.ts, images.ts, responder.ts.
import { parseDuration } from '../component-base/flags.ts';
import { CriError } from '../cri/error.ts';
import { parseTimelines, type Timeline } from './timeline.ts';

export const prefix = 'simulated.mini-k8s.io/';
type Annotations = Record<string, string>;

/** Durations are milliseconds. Absent means: the default that README.md gives. */
export interface ContainerBehaviour {
  createError?: string;
  startDelay: number;
  startError?: string;
  /** Absent: runs until stopped. */
  exitAfter?: number;
  exitCode: number;
  exitReason?: string;
  /** Only a start that finds this file exits; one that does not makes it, and runs until stopped. */
  exitIfFile?: string;
  terminationMessage?: string;
  stopAfter: number;
  stopExitCode: number;
  /** Written at the start; undefined: the one default line. */
  log?: string;
  logStderr?: string;
  logEvery?: number;
  logLine: string;
  logLines: number;
  /** Absent: every port that no other container claims. */
  ports?: number[];
  tcp: Timeline[];
  http: Timeline[];
  httpBody?: string;
  exec: Timeline[];
  execStdout: string;
  execStderr: string;
  execDelay: number;
  /** Cores and bytes. */
  cpu: number;
  memory: number;
}

export interface PodBehaviour {
  sandboxDelay: number;
  sandboxError?: string;
  sandboxExitAfter?: number;
  pullDelay: number;
  pullError?: string;
  /** Only images whose name contains this fail. */
  pullErrorImage: string;
  /** So many pulls fail, then one succeeds. */
  pullFailures: number;
}

interface Reader {
  text(name: string): string | undefined;
  duration(name: string): number | undefined;
  int(name: string): number | undefined;
  ints(name: string): number[] | undefined;
  timelines(name: string, valid: (v: string) => boolean): Timeline[];
  quantity(name: string): number | undefined;
  bad(name: string, why: string): CriError;
}

/** How container `name` behaves on its `attempt`-th start. A container's own annotations come before its pod's. */
export function containerBehaviour(
  name: string,
  attempt: number,
  pod: Annotations,
  own: Annotations = {},
): ContainerBehaviour {
  const read = reader((key) => own[prefix + key] ?? pod[`${prefix}${key}.${name}`] ?? pod[prefix + key]);
  const status = (v: string) => /^[1-5]\d\d$/.test(v) || v === 'hang' || v === 'close';
  return {
    createError: read.text('create-error'),
    startDelay: read.duration('start-delay') ?? 0,
    startError: read.text('start-error'),
    ...exit(read, attempt, jobIndex(pod)),
    terminationMessage: read.text('termination-message'),
    stopAfter: read.duration('stop-after') ?? 0,
    stopExitCode: read.int('stop-exit-code') ?? 0,
    log: read.text('log'),
    logStderr: read.text('log-stderr'),
    logEvery: logInterval(read),
    logLine: read.text('log-line') ?? 'line {n}',
    logLines: read.int('log-lines') ?? Number.POSITIVE_INFINITY,
    ports: ports(read),
    tcp: read.timelines('tcp', (v) => v === 'open' || v === 'closed'),
    http: read.timelines('http', status),
    httpBody: read.text('http-body'),
    exec: read.timelines('exec', (v) => /^\d{1,3}$/.test(v) || v === 'hang'),
    execStdout: read.text('exec-stdout') ?? '',
    execStderr: read.text('exec-stderr') ?? '',
    execDelay: read.duration('exec-delay') ?? 0,
    cpu: read.quantity('cpu') ?? 0.001,
    memory: read.quantity('memory') ?? 8 * 2 ** 20,
  };
}

export function podBehaviour(pod: Annotations): PodBehaviour {
  const read = reader((key) => pod[prefix + key]);
  return {
    sandboxDelay: read.duration('sandbox-delay') ?? 0,
    sandboxError: read.text('sandbox-error'),
    sandboxExitAfter: read.duration('sandbox-exit-after'),
    pullDelay: read.duration('pull-delay') ?? 0,
    pullError: read.text('pull-error'),
    pullErrorImage: read.text('pull-error-image') ?? '',
    pullFailures: read.int('pull-failures') ?? Number.POSITIVE_INFINITY,
  };
}

/** The index in an Indexed Job; 0 for any other pod. */
const jobIndex = (pod: Annotations): number => Number(pod['batch.kubernetes.io/job-completion-index'] ?? 0) || 0;

type Exit = Pick<ContainerBehaviour, 'exitAfter' | 'exitCode' | 'exitReason' | 'exitIfFile'>;

/** A container exits by itself when told when, or with what; `exit-attempts` says on how many starts. */
function exit(read: Reader, attempt: number, index: number): Exit {
  const after = read.duration('exit-after');
  const codes = read.ints('exit-code');
  const code = codes?.[index % codes.length];
  const reason = read.text('exit-reason');
  const attempts = read.int('exit-attempts') ?? Number.POSITIVE_INFINITY;
  const exitIfFile = read.text('exit-if-file');
  const told = [after, code, reason, exitIfFile].some((value) => value !== undefined);
  const exits = told && attempt < attempts;
  return {
    exitAfter: exits ? (after ?? 0) : undefined,
    exitCode: code ?? (reason === 'OOMKilled' ? 137 : 0),
    exitReason: reason,
    exitIfFile,
  };
}

function logInterval(read: Reader): number | undefined {
  const every = read.duration('log-every');
  if (every !== undefined && every < 1) throw read.bad('log-every', 'must be 1ms or longer');
  return every;
}

function ports(read: Reader): number[] | undefined {
  const text = read.text('ports');
  if (text === undefined) return undefined;
  if (text === 'none') return [];
  const list = text.split(',').map((p) => Number(p.trim()));
  if (list.some((p) => !Number.isInteger(p) || p < 1 || p > 65535)) {
    throw read.bad('ports', 'must be ports such as 80,8080, or none');
  }
  return list;
}

function reader(text: (name: string) => string | undefined): Reader {
  const bad = (name: string, why: string) =>
    new CriError('InvalidArgument', `annotation ${prefix}${name}: "${text(name)}" ${why}`);
  return {
    text,
    bad,
    duration(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      const ms = parseDuration(value);
      if (ms === undefined || ms < 0) throw bad(name, 'must be a duration such as 10s or 1m30s');
      return ms;
    },
    int(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      if (!/^\d{1,9}$/.test(value)) throw bad(name, 'must be a whole number');
      return Number(value);
    },
    ints(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      const parts = value.split(',').map((part) => part.trim());
      if (!parts.every((part) => /^\d{1,9}$/.test(part)))
        throw bad(name, 'must be a whole number, or several with commas');
      return parts.map(Number);
    },
    timelines(name, valid) {
      try {
        return parseTimelines(text(name) ?? '', valid);
      } catch (error) {
        throw bad(name, `cannot be read: ${(error as Error).message}`);
      }
    },
    quantity(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      const [, n, unit = ''] = /^(\d+(?:\.\d+)?)(m|Ki|Mi|Gi|k|M|G)?$/.exec(value) ?? [];
      if (n === undefined) throw bad(name, 'must be a quantity such as 100m or 64Mi');
      return Number(n) * units[unit]!;
    },
  };
}

const units: Record<string, number> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};
