// GET /containerLogs/<namespace>/<pod>/<container>: which instance's log is meant, and how much of it.
// Reads: pod status, the log file. Mirrors: pkg/kubelet/server/server.go (getContainerLogs), kubelet_pods.go
// (validateContainerLogStatus). Next: logReader.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isAbsolute, join } from 'node:path';
import type { ContainerStatus, Pod, PodStatus } from '../../apimachinery/types.ts';
import { isNotFound } from '../../cri/error.ts';
import { podLogDirectory } from '../container/sandboxConfig.ts';
import type { KubeletContext } from '../context.ts';
import { type LogOptions, readLog } from './logReader.ts';

export interface LogSubject {
  pod: Pod;
  status: PodStatus;
}

/** A refusal with its HTTP code. */
export class LogError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** `subject`: the pod of that name, or undefined. */
export async function serveLogs(
  k: KubeletContext,
  url: URL,
  subject: (namespace: string, name: string) => LogSubject | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, , namespace, name, container] = url.pathname.split('/').map(decodeURIComponent);
  if (!namespace || !name || !container) throw new LogError(400, `{"message": "Missing container name."}`);
  const options = logOptions(url.searchParams, k.clock.now());
  const found = subject(namespace, name);
  if (!found) throw new LogError(404, `pod "${name}" does not exist\n`);
  const id = logContainer(found, container, url.searchParams.get('previous') === 'true');
  const { status } = await k.cri.runtime.containerStatus({ containerId: id }).catch((error) => {
    if (isNotFound(error)) throw new LogError(400, `unable to retrieve container logs for ${id}`);
    throw error;
  });
  const logPath = status!.logPath;
  const path = isAbsolute(logPath) ? logPath : join(podLogDirectory(k.config.podLogsDir, found.pod), logPath);
  await stream(k, path, id, options, request, response);
}

async function stream(
  k: KubeletContext,
  path: string,
  id: string,
  o: LogOptions,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const gone = new AbortController();
  const ended = () => gone.abort();
  response.once('close', ended);
  request.once('close', () => response.destroyed && ended());
  const running = async () => {
    const answer = await k.cri.runtime.containerStatus({ containerId: id }).catch(() => undefined);
    return answer?.status?.state === 'CONTAINER_RUNNING' || answer?.status?.state === 'CONTAINER_CREATED';
  };
  response.writeHead(200, { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' });
  response.flushHeaders();
  try {
    for await (const chunk of readLog(path, o, running, gone.signal)) {
      if (!response.write(chunk)) await drained(response, gone.signal);
    }
  } catch (error) {
    // As upstream: the headers are out, so the reason goes where the log would.
    if (!gone.signal.aborted)
      response.write(`failed to try resolving symlinks in path "${path}": ${(error as Error).message}\n`);
  }
  response.end();
}

const drained = (response: ServerResponse, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.on('drain', done);
    signal.addEventListener('abort', done);
  });

/** Throws LogError 422 for what is no number or time. */
export function logOptions(q: URLSearchParams, now: number): LogOptions {
  const invalid = () => new LogError(422, '{"message": "Invalid request."}');
  const number = (name: string): number | undefined => {
    const text = q.get(name);
    if (text === null || text === '') return undefined;
    if (!/^\d+$/.test(text)) throw invalid();
    return Number(text);
  };
  const flag = (name: string) => q.get(name) === 'true' || q.get(name) === '1';
  const seconds = number('sinceSeconds');
  const time = q.get('sinceTime');
  if (time && Number.isNaN(Date.parse(time))) throw invalid();
  const tail = number('tailLines');
  const limitBytes = number('limitBytes');
  const stream = q.get('stream')?.toLowerCase();
  return {
    follow: flag('follow'),
    timestamps: flag('timestamps'),
    ...(tail === undefined ? {} : { tail }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(seconds === undefined ? {} : { since: now - seconds * 1000 }),
    ...(time ? { since: Date.parse(time) } : {}),
    ...(stream === 'stdout' || stream === 'stderr' ? { stream } : {}),
  };
}

/** The id of the instance whose log is meant. Throws LogError with upstream's sentence. */
export function logContainer({ pod, status }: LogSubject, container: string, previous: boolean): string {
  const spec = pod.spec;
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []), ...(spec?.ephemeralContainers ?? [])];
  const name = pod.metadata.name;
  if (!all.some((c) => c.name === container))
    throw new LogError(404, `container "${container}" not found in pod "${name}"\n`);
  const about = `container "${container}" in pod "${name}"`;
  const statuses = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  const found = statuses.find((s) => s.name === container);
  if (!found) throw new LogError(400, `${about} is not available`);
  return idIn(found, about, previous).replace(/^.*:\/\//, '');
}

function idIn(s: ContainerStatus, about: string, previous: boolean): string {
  const last = s.lastState?.terminated?.containerID;
  if (previous) {
    if (!last) throw new LogError(400, `previous terminated ${about} not found`);
    return last;
  }
  if (s.state?.running) return s.containerID ?? '';
  const ended = s.state?.terminated ? s.state.terminated.containerID || last : last;
  if (ended) return ended;
  if (s.state?.terminated || s.lastState?.terminated) throw new LogError(400, `${about} is terminated`);
  const reason = s.state?.waiting?.reason;
  if (reason === 'ErrImagePull') throw new LogError(400, `${about} is waiting to start: image can't be pulled`);
  if (reason === 'ImagePullBackOff')
    throw new LogError(400, `${about} is waiting to start: trying and failing to pull image`);
  if (reason) throw new LogError(400, `${about} is waiting to start: ${reason}`);
  throw new LogError(400, `${about} is waiting to start - no logs yet`);
}
