// Runs one probe of one container once: exec, HTTP, TCP or gRPC.
// Reads: the probe, the pod's address. Writes: CRI ExecSync or a connection through the podDialer.
// Mirrors: pkg/kubelet/prober/prober.go, pkg/probe/{exec,tcp}. Next: worker.ts.
import type { Container, Pod, Probe } from '../../apimachinery/types.ts';
import type { RuntimeConnection } from '../../cri/client.ts';
import { CriError } from '../../cri/error.ts';
import { expand } from '../env/expand.ts';
import type { PodDialer } from '../network/podDialer.ts';
import { probeGrpc } from './grpc.ts';
import { type ProbeResult, probeHttp } from './http.ts';
import { httpTarget, resolvePort } from './target.ts';

export interface ProbeTarget {
  pod: Pod;
  container: Container;
  containerId: string;
  podIP: string;
  signal: AbortSignal;
}

/** Tries up to three times, as upstream does when a probe could not be made. Rejects when it could not be made at all. */
export async function runProbe(
  deps: { cri: RuntimeConnection; dialer: PodDialer },
  probe: Probe,
  t: ProbeTarget,
): Promise<ProbeResult> {
  let last: unknown;
  for (let i = 0; i < 3 && !t.signal.aborted; i++) {
    try {
      return await once(deps, probe, t);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

async function once(
  deps: { cri: RuntimeConnection; dialer: PodDialer },
  probe: Probe,
  t: ProbeTarget,
): Promise<ProbeResult> {
  const timeout = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.exec) return execProbe(deps.cri, probe.exec.command ?? [], timeout, t);
  if (probe.httpGet) {
    const target = httpTarget(probe.httpGet, t.container, t.podIP);
    return probeHttp(deps.dialer, { ...target, timeout, signal: t.signal, userAgent: 'kube-probe' });
  }
  if (probe.tcpSocket) {
    const port = resolvePort(probe.tcpSocket.port, t.container);
    return tcpProbe(deps.dialer, probe.tcpSocket.host || t.podIP, port, timeout, t.signal);
  }
  if (probe.grpc) {
    const { port, service = '' } = probe.grpc;
    return probeGrpc(deps.dialer, { host: t.podIP, port, service, timeout, signal: t.signal });
  }
  throw new Error(`missing probe handler for ${t.pod.metadata.namespace}_${t.pod.metadata.name}:${t.container.name}`);
}

const maxOutput = 10 * 1024;

async function execProbe(
  cri: RuntimeConnection,
  command: string[],
  timeout: number,
  t: ProbeTarget,
): Promise<ProbeResult> {
  const plain = new Map((t.container.env ?? []).filter((e) => !e.valueFrom).map((e) => [e.name, e.value ?? '']));
  const cmd = command.map((word) => expand(word, (name) => plain.get(name)));
  try {
    const request = { containerId: t.containerId, cmd, timeout: timeout / 1000 };
    const answer = await cri.runtime.execSync(request, { signal: t.signal });
    const output = Buffer.concat([answer.stdout, answer.stderr]).toString('utf8').slice(0, maxOutput);
    return { outcome: answer.exitCode === 0 ? 'success' : 'failure', output };
  } catch (error) {
    if (error instanceof CriError && error.code === 'DeadlineExceeded') {
      return { outcome: 'failure', output: `command timed out: "${cmd.join(' ')}" timed out after ${timeout / 1000}s` };
    }
    throw error;
  }
}

async function tcpProbe(
  dialer: PodDialer,
  host: string,
  port: number,
  timeout: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  try {
    (await dialer.dial(host, port, { timeout, signal })).destroy();
    return { outcome: 'success', output: '' };
  } catch (error) {
    return { outcome: 'failure', output: (error as Error).message };
  }
}
