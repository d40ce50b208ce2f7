// Rows of kubectl that need no running pod: what the API gives it of discovery, versions, dry runs and a proxy.
// Each runs the newest kubectl of this machine. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { names } from '../harness/check.ts';
import { type Context, skip } from '../harness/context.ts';
import { kubectlStays, type Ran } from '../harness/kubectl.ts';
import { type Row, row } from '../row.ts';

const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.59';
const olderAgnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.57';
const busybox = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';
const podName = 'e2e-test-agnhost-pod';

export const kubectlRows: Row[] = [
  row('cli.kubectl.api-versions', async (c) => {
    const { stdout } = passed(await kubectl(c, '', 'api-versions'));
    const lines = stdout.trim().split('\n');
    for (const version of ['v1', 'apps/v1']) assert.ok(lines.includes(version), stdout);
  }),
  row('cli.kubectl.cluster-info', async (c) => {
    const text = stripVTControlCharacters(passed(await kubectl(c, '', 'cluster-info')).stdout);
    assert.match(text, /Kubernetes control plane is running at https:\/\/\S+/);
    // kubectl prints that line from its kubeconfig alone: the server's part is the list of its services.
    assert.equal(
      (await c.of('v1', 'Service', 'kube-system').list({ labelSelector: 'kubernetes.io/cluster-service=true' })).kind,
      'ServiceList',
    );
  }),
  row('cli.kubectl.version', async (c) => {
    const { stdout } = passed(await kubectl(c, '', 'version'));
    assert.match(stdout, /Client Version: v\d+\.\d+\.\d+/);
    assert.match(stdout, /Server Version: v\d+\.\d+\.\d+/);
  }),
  row('cli.kubectl.diff', async (c) => {
    const namespace = await c.namespace();
    passed(await kubectl(c, namespace, 'create -f -', deployment(olderAgnhost)));
    const diff = await kubectl(c, namespace, 'diff -f -', deployment(busybox));
    assert.equal(diff.code, 1, diff.stderr);
    assert.match(diff.stdout, new RegExp(`^-.*image: ${olderAgnhost}`, 'm'));
    assert.match(diff.stdout, new RegExp(`^\\+.*image: ${busybox}`, 'm'));
    const same = await kubectl(c, namespace, 'diff -f -', deployment(olderAgnhost));
    assert.equal(same.code, 0, same.stdout + same.stderr);
    const r = c.of('apps/v1', 'Deployment', namespace);
    assert.equal((await r.get('agnhost-deployment')).spec.template.spec.containers[0].image, olderAgnhost, 'a dry run');
    passed(await kubectl(c, namespace, 'delete -f -', deployment(olderAgnhost)));
    assert.deepEqual(names((await r.list()).items), []);
  }),
  row('cli.kubectl.dry-run-server', async (c) => {
    const namespace = await c.namespace();
    passed(await kubectl(c, namespace, `run ${podName} --image=${agnhost} --labels=run=${podName}`));
    const patch = JSON.stringify({ spec: { containers: [{ name: podName, image: busybox }] } });
    const patched = passed(
      await kubectl(c, namespace, ['patch', 'pod', podName, '-p', patch, '--dry-run=server', '-o', 'json']),
    );
    assert.equal(JSON.parse(patched.stdout).spec.containers[0].image, busybox, 'the server answers what would be');
    const pod = await c.of('v1', 'Pod', namespace).get(podName);
    assert.deepEqual(
      pod.spec.containers.map((x: any) => x.image),
      [agnhost],
    );
    await remove(c, namespace);
  }),
  row('cli.kubectl.run-pod', async (c) => {
    const namespace = await c.namespace();
    passed(await kubectl(c, namespace, `run ${podName} --restart=Never --image=${agnhost}`));
    const { spec } = await c.of('v1', 'Pod', namespace).get(podName);
    assert.deepEqual(
      spec.containers.map((x: any) => x.image),
      [agnhost],
    );
    assert.equal(spec.restartPolicy, 'Never');
    await remove(c, namespace);
  }),
  row('cli.kubectl.proxy-port-zero', async (c) => {
    const { line, stop } = await kubectlStays(program(c), c.kubeconfig, ['proxy', '-p', '0', '--disable-filter']);
    c.after(stop);
    const port = /^Starting to serve on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    assert.ok(port, line);
    assertVersions(await get({ port: Number(port), path: '/api/' }));
  }),
  row('cli.kubectl.proxy-unix-socket', async (c) => {
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-proxy-'));
    c.after(() => rmSync(folder, { recursive: true, force: true }));
    const socketPath = join(folder, 'test');
    const { line, stop } = await kubectlStays(program(c), c.kubeconfig, ['proxy', `--unix-socket=${socketPath}`]);
    c.after(stop);
    assert.ok(line.includes(socketPath), line);
    assertVersions(await get({ socketPath, path: '/api' }));
  }),
];

const program = (c: Context): string => c.kubectlPath ?? skip('there is no kubectl on this machine');

function kubectl(c: Context, namespace: string, args: string | string[], input?: object): Promise<Ran> {
  program(c);
  return c.kubectl!(typeof args === 'string' ? args.split(' ') : args, namespace, input && JSON.stringify(input));
}

function passed(ran: Ran): Ran {
  assert.equal(ran.code, 0, ran.stderr);
  return ran;
}

/** Without a kubelet nobody confirms the end of a pod that has a node, so it is not waited for its grace. */
async function remove(c: Context, namespace: string): Promise<void> {
  passed(await kubectl(c, namespace, `delete pod ${podName} --grace-period=0 --force`));
  await c.gone(c.of('v1', 'Pod', namespace), podName);
}

const deployment = (image: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'agnhost-deployment' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'agnhost' } },
    template: {
      metadata: { labels: { app: 'agnhost' } },
      spec: { containers: [{ name: 'agnhost', image, args: ['netexec', '--http-port=80'] }] },
    },
  },
});

function assertVersions(document: any): void {
  assert.equal(document.kind, 'APIVersions');
  assert.ok(document.versions.length >= 1);
}

function get(to: { port?: number; socketPath?: string; path: string }): Promise<any> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', ...to }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
    })
      .once('error', reject)
      .end();
  });
}
