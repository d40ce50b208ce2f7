// postStart and preStop handlers: a command in the container, an HTTP call to the pod, or a sleep.
// Reads: the handler. Writes: CRI ExecSync, HTTP through the podDialer. Mirrors: pkg/kubelet/lifecycle/handlers.go.
// Next: container/startContainer.ts, container/killContainer.ts.
import type { Container, LifecycleHandler, Pod } from '../apimachinery/types.ts';
import type { RuntimeConnection } from '../cri/client.ts';
import type { PodDialer } from './network/podDialer.ts';
import { probeHttp } from './probes/http.ts';
import { httpTarget } from './probes/target.ts';

export interface HookDeps {
  cri: RuntimeConnection;
  dialer: PodDialer;
}

export interface HookTarget {
  pod: Pod;
  container: Container;
  containerId: string;
  podIP: string;
  signal: AbortSignal;
}

/** Rejects with the text that upstream logs when the handler fails. */
export async function runHook(deps: HookDeps, handler: LifecycleHandler, t: HookTarget): Promise<void> {
  const about = `lifecycle hook for Container "${t.container.name}" in Pod "${t.pod.metadata.name}_${t.pod.metadata.namespace}(${t.pod.metadata.uid})" failed`;
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    const text = `Exec lifecycle hook ([${command.join(' ')}]) for ${about.slice('lifecycle hook for '.length)}`;
    return runExec(deps.cri, command, t, text);
  }
  if (handler.httpGet) {
    const { host, port, path, headers, https } = httpTarget(handler.httpGet, t.container, t.podIP);
    const result = await probeHttp(deps.dialer, {
      host,
      port,
      path,
      headers,
      https,
      timeout: 0,
      signal: t.signal,
      userAgent: 'kube-lifecycle',
    });
    if (result.outcome !== 'success') throw new Error(`Http ${about} - error: ${result.output}`);
    return;
  }
  if (handler.sleep) await sleep(handler.sleep.seconds * 1000, t.signal);
}

async function runExec(cri: RuntimeConnection, cmd: string[], t: HookTarget, text: string): Promise<void> {
  const answer = await cri.runtime
    .execSync({ containerId: t.containerId, cmd, timeout: 0 }, { signal: t.signal })
    .catch((error: Error) => {
      throw new Error(`${text} - error: ${error.message}, message: ""`);
    });
  if (answer.exitCode === 0) return;
  const output = Buffer.concat([answer.stdout, answer.stderr]).toString('utf8');
  throw new Error(
    `${text} - error: command '${cmd.join(' ')}' exited with ${answer.exitCode}: ${output}, message: ${JSON.stringify(output)}`,
  );
}

/** Ends early, without an error, when the signal aborts: the grace period is over. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
