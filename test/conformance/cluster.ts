// A cluster for the rows: an API server in a process of its own and the controllers that namespaces, garbage and accounts need.
// No nodes and no scheduler: that is what class A means. Gone with the test. Used by conformance.test.ts.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { startTestApiServer } from '../kit/apiServer.ts';
import { aggregatorFlags } from '../kit/extensionServer.ts';
import { freePort } from '../kit/freePort.ts';

export interface Cluster {
  kubeconfig: string;
  stop(): Promise<void>;
}

export async function startCluster(flags: string[] = []): Promise<Cluster> {
  const server = await startTestApiServer({ process: true, flags, flagsFor: aggregatorFlags });
  const controllers = spawn(
    process.execPath,
    [
      new URL('../../controllers/main.ts', import.meta.url).pathname,
      `--kubeconfig=${server.kubeconfigFor('controller-manager')}`,
      '--use-service-account-credentials=true',
      '--leader-elect=false',
      `--root-ca-file=${join(server.folder, 'pki', 'ca.crt')}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${await freePort()}`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return {
    kubeconfig: server.kubeconfig,
    async stop() {
      await ended(controllers);
      await server.stop();
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}
