// Rows of kubectl with pods that run: they need nodes, a scheduler and something that runs pods. Each runs the newest kubectl of this
// machine. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { type Context, skip } from '../harness/context.ts';
import { type Row, row } from '../row.ts';
import { agnhost, isReady, living, minutes, pause } from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(6) } as const;
const classC = { class: 'C', timeout: minutes(3) } as const;
const busybox = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';
const primaryLabels = { app: 'agnhost', role: 'primary' };
const primaryPort = 6379;

async function scene(c: Context) {
  if (!c.kubectl) return skip('there is no kubectl on this machine');
  const namespace = await c.namespace();
  const pods = c.of('v1', 'Pod', namespace);
  /** Words with blanks stand in lists. */
  const ok = async (args: string | string[], input?: object): Promise<string> => {
    const words = typeof args === 'string' ? args.split(' ') : args;
    const ran = await c.kubectl!(words, namespace, input && JSON.stringify(input));
    assert.equal(ran.code, 0, `kubectl ${words.join(' ')}: ${ran.stderr}`);
    return ran.stdout;
  };
  const ready = (labelSelector: string) =>
    c.poll(2000, minutes(2), `a ready pod of ${labelSelector}`, async () => {
      const all = (await living(pods, labelSelector)).filter(isReady);
      return all.length ? all : undefined;
    });
  return { namespace, pods, ok, ready };
}
type Scene = Awaited<ReturnType<typeof scene>>;

async function primary({ ok, ready }: Scene): Promise<any[]> {
  const container = {
    name: 'agnhost-primary',
    image: agnhost,
    ports: [{ name: 'agnhost-server', containerPort: 6379 }],
  };
  await ok('create -f -', {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'agnhost-primary', labels: primaryLabels },
    spec: {
      replicas: 1,
      selector: primaryLabels,
      template: { metadata: { labels: primaryLabels }, spec: { containers: [container] } },
    },
  });
  return ready('app=agnhost');
}

/** All of these come, one after the other. */
function inOrder(text: string, ...wanted: string[]): void {
  let at = 0;
  for (const part of wanted) {
    const found = text.slice(at).search(new RegExp(part, 'm'));
    assert.ok(found >= 0, `"${part}" does not follow in:\n${text}`);
    at += found;
  }
}

export const kubectlPodRows: Row[] = [
  row(
    'cli.kubectl.label',
    async (c) => {
      const { ok, ready } = await scene(c);
      await ok('create -f -', {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'pause', labels: { name: 'pause' } },
        spec: { containers: [{ name: 'pause', image: pause, ports: [{ containerPort: 80 }] }] },
      });
      await ready('name=pause');
      await ok('label pods pause testing-label=testing-label-value');
      assert.match(await ok('get pod pause -L testing-label'), /TESTING-LABEL\n.*testing-label-value/);
      await ok('label pods pause testing-label-');
      assert.doesNotMatch(await ok('get pod pause -L testing-label'), /testing-label-value/);
    },
    classB,
  ),
  row(
    'cli.kubectl.patch',
    async (c) => {
      const s = await scene(c);
      const all = await primary(s);
      for (const { metadata } of all)
        await s.ok(['patch', 'pod', metadata.name, '-p', '{"metadata":{"annotations":{"x":"y"}}}']);
      for (const { metadata } of all)
        assert.equal((await s.pods.get(metadata.name)).metadata.annotations?.x, 'y', metadata.name);
    },
    classB,
  ),
  row(
    'cli.kubectl.replace',
    async (c) => {
      const { ok, ready, pods, namespace } = await scene(c);
      const name = 'e2e-test-agnhost-pod';
      await ok(`run ${name} --image=${agnhost} --labels=run=${name}`);
      await ready(`run=${name}`);
      // The kubelet may write its status in between.
      await c.poll(1000, minutes(1), 'the pod is replaced', async () => {
        const now = await ok(`get pod ${name} -o json`);
        assert.ok(now.includes(agnhost));
        const ran = await c.kubectl!(['replace', '-f', '-'], namespace, now.replaceAll(agnhost, busybox));
        if (ran.code) assert.match(ran.stderr, /the object has been modified/);
        return ran.code === 0;
      });
      assert.equal((await pods.get(name)).spec.containers[0].image, busybox);
    },
    classB,
  ),
  row('cli.kubectl.describe', async (c) => describe(c), classB),
  row(
    'cli.kubectl.expose',
    async (c) => {
      const s = await scene(c);
      const [pod] = await primary(s);
      const slices = c.of('discovery.k8s.io/v1', 'EndpointSlice', s.namespace);
      const services = c.of('v1', 'Service', s.namespace);
      const exposed = async (name: string, port: number) => {
        await c.poll(1000, minutes(1), `the endpoints of ${name}`, async () => {
          const { items } = await slices.list({ labelSelector: `kubernetes.io/service-name=${name}` });
          const uids = items.flatMap((x: any) => (x.endpoints ?? []).map((e: any) => e.targetRef?.uid));
          const ports = items.flatMap((x: any) => (x.ports ?? []).map((p: any) => p.port));
          return uids.length === 1 && uids[0] === pod.metadata.uid && ports.every((p: number) => p === primaryPort);
        });
        const { spec } = await services.get(name);
        assert.deepEqual(
          spec.ports.map((p: any) => [p.port, p.targetPort]),
          [[port, primaryPort]],
        );
      };
      await s.ok('expose rc agnhost-primary --name=rm2 --port=1234 --target-port=6379');
      await exposed('rm2', 1234);
      await s.ok('expose service rm2 --name=rm3 --port=2345 --target-port=6379');
      await exposed('rm3', 2345);
    },
    classB,
  ),
  row('cli.kubectl.logs', async (c) => logs(c), classC),
];

async function describe(c: Context): Promise<void> {
  const s = await scene(c);
  const { ok, namespace } = s;
  const [pod] = await primary(s);
  await ok('create -f -', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'agnhost-primary', labels: primaryLabels },
    spec: { ports: [{ port: primaryPort, targetPort: 'agnhost-server' }], selector: primaryLabels },
  });
  inOrder(
    await ok(`describe pod ${pod.metadata.name}`),
    '^Name: +agnhost-primary-',
    `^Namespace: +${namespace}$`,
    '^Node: ',
    '^Labels: +app=agnhost$',
    'role=primary$',
    '^Annotations:',
    '^Status: +Running$',
    '^IP:',
    '^Controlled By: +ReplicationController/agnhost-primary$',
    'Image: ',
    'State: +Running$',
    '^QoS Class: +BestEffort$',
  );
  await c.poll(1000, minutes(1), 'the controller counts its pod', async () => {
    const text = await ok('describe rc agnhost-primary');
    if (!/^Pods Status: +1 Running/m.test(text)) return false;
    inOrder(
      text,
      '^Name: +agnhost-primary$',
      `^Namespace: +${namespace}$`,
      '^Selector: +app=agnhost,role=primary$',
      '^Labels: +app=agnhost$',
      'role=primary$',
      '^Annotations:',
      '^Replicas: +1 current / 1 desired$',
      '^Pods Status: +1 Running / 0 Waiting / 0 Succeeded / 0 Failed$',
      '^Pod Template:$',
      'Image: ',
      '^Events:',
    );
    return true;
  });
  inOrder(
    await ok('describe service agnhost-primary'),
    '^Name: +agnhost-primary$',
    '^Labels: +app=agnhost$',
    'role=primary$',
    '^Annotations:',
    '^Selector: +app=agnhost,role=primary$',
    '^Type: +ClusterIP$',
    '^IP:',
    '^Port: +<unset> +6379/TCP$',
    '^Endpoints:',
    '^Session Affinity: +None$',
  );
  inOrder(
    await ok(`describe node ${pod.spec.nodeName}`),
    '^Name: ',
    '^Labels:',
    '^Annotations:',
    '^CreationTimestamp:',
    '^Conditions:\\n +Type +Status +LastHeartbeatTime +LastTransitionTime +Reason +Message$',
    '^Addresses:$',
    '^Capacity:$',
    'Kernel Version:',
    'OS Image:',
    'Container Runtime Version:',
    'Kubelet Version:',
    'Pods:',
  );
  inOrder(
    await ok(`describe namespace ${namespace}`),
    `^Name: +${namespace}$`,
    '^Labels:',
    '^Annotations:',
    '^Status: +Active$',
  );
}

/** A hundred lines in twenty seconds: told by the command, and by annotations for a simulated runtime. */
async function logs(c: Context): Promise<void> {
  const { ok, ready } = await scene(c);
  const name = 'logs-generator';
  const simulated = {
    log: 'GET /api/v1/namespaces/kube-system/pods/xyz 200',
    'log-every': '200ms',
    'log-line': 'GET /api/v1/namespaces/default/pods/x{n} 300',
    'log-lines': '99',
    'exit-after': '20s',
  };
  const annotations = Object.entries(simulated).map(([k, v]) => `--annotations=simulated.mini-k8s.io/${k}=${v}`);
  const command = ['logs-generator', '--log-lines-total', '100', '--run-duration', '20s'];
  await ok(['run', name, `--image=${agnhost}`, '--restart=Never', ...annotations, '--', ...command]);
  await ready(`run=${name}`);
  const lines = (text: string) => text.split('\n').filter(Boolean);
  await c.poll(2000, minutes(1), 'the lines come', async () =>
    (await ok(`logs ${name} ${name}`)).includes('/api/v1/namespaces/kube-system'),
  );
  assert.equal(lines(await ok(`logs ${name} ${name} --tail=1`)).length, 1);
  assert.equal((await ok(`logs ${name} ${name} --limit-bytes=1`)).length, 1);
  const stamped = lines(await ok(`logs ${name} ${name} --tail=1 --timestamps`));
  assert.equal(stamped.length, 1);
  assert.match(stamped[0]!.split(' ')[0]!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(Z|[+-]\d\d:\d\d)$/);
  await c.sleep(2500);
  const [recent, day] = [await ok(`logs ${name} ${name} --since=1s`), await ok(`logs ${name} ${name} --since=24h`)];
  assert.ok(lines(recent).length < lines(day).length, `${lines(recent).length} of ${lines(day).length}`);
}
