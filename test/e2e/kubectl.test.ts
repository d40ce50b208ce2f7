// What people do with kubectl, against a cluster that `up` started: the whole list with the oldest and the newest kubectl that are
// here, a short list with those between.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../kit/apiServer.ts';
import { kubectlMissing, kubectls } from '../kit/kubectls.ts';
import {
  kubectlFollows,
  kubectlIn,
  type Ran,
  type RunningKubectl,
  type UpCluster,
  upCluster,
} from '../kit/upCluster.ts';

const all = kubectls();
const whole = new Set([all[0]?.minor, all.at(-1)?.minor]);
let cluster: UpCluster;

beforeAll(async () => {
  if (all.length) cluster = await upCluster();
});
afterAll(() => cluster?.stop());

if (!all.length) it('kubectl end to end', (context) => context.skip(kubectlMissing));

const manifest = (replicas: number, image = 'nginx:1.27') => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: nginx, image: "${image}", ports: [{containerPort: 80}]}
`;

for (const { path, minor } of all) {
  describe(`kubectl 1.${minor}`, () => {
    const namespace = `k${minor}`;
    let k: (args: string, input?: string) => Promise<Ran>;
    const ok = async (args: string, input?: string) => {
      const ran = await k(args, input);
      expect(ran.code, `kubectl ${args}\n${ran.stdout}${ran.stderr}`).toBe(0);
      return ran.stdout;
    };
    beforeAll(async () => {
      k = kubectlIn(path, cluster.kubeconfig, namespace);
      await ok(`create namespace ${namespace}`);
    });

    it('create, and the whole chain to Running', async () => {
      expect(await ok('create deployment web --image=nginx:1.27 --replicas=3')).toContain(
        'deployment.apps/web created',
      );
      expect(await ok('rollout status deployment/web --timeout=60s')).toContain('successfully rolled out');
      const pods = await ok('get pods -l app=web -o wide');
      expect(pods.match(/1\/1 +Running/g)?.length).toBe(3);
      expect(pods).toMatch(/node-[123]/);
      expect(await ok('get deployment web')).toMatch(/web +3\/3 +3 +3/);
    });
    it('get in many forms', async () => {
      expect(await ok('get deployment web -o yaml')).toContain('kind: Deployment');
      expect(JSON.parse(await ok('get deployment web -o json')).spec.replicas).toBe(3);
      expect(await ok(`get pods -o 'jsonpath={.items[*].spec.containers[0].image}'`)).toBe(
        'nginx:1.27 nginx:1.27 nginx:1.27',
      );
      expect(await ok('get pods -o custom-columns=N:.metadata.name,P:.status.phase')).toMatch(/N +P\nweb-\S+ +Running/);
      expect((await ok('get pods --sort-by=.metadata.name --no-headers')).trim().split('\n').length).toBe(3);
      expect((await ok('get pods --field-selector status.phase=Running -o name')).trim().split('\n').length).toBe(3);
      expect((await ok('get pods --chunk-size=1 -o name')).trim().split('\n').length).toBe(3);
      expect(await ok('get all')).toContain('replicaset.apps/web-');
    });
    it('logs', async () => {
      const pod = (await ok('get pods -o name')).split('\n')[0]!;
      expect((await k(`logs ${pod} --tail=5`)).code).toBe(0);
    });
    it('auth, api-resources, version, cluster-info', async () => {
      expect(await ok('auth can-i create deployments')).toContain('yes');
      expect(await ok('api-resources')).toMatch(/deployments +deploy +apps\/v1 +true +Deployment/);
      expect(await ok('version')).toContain('v1.35');
      expect(await ok('cluster-info')).toContain('is running at');
      const denied = await k('auth can-i create deployments --as=nobody');
      expect([denied.code, denied.stdout.trim()]).toEqual([1, 'no']);
      // 1.27 asks for alpha and beta versions of the review, which a server of v1.35 no longer has.
      if (minor > 27) expect(await ok('auth whoami')).toContain('kubernetes-admin');
      else expect((await k('auth whoami')).stderr).toContain('the selfsubjectreviews API is not enabled');
    });
    it('delete', async () => {
      await ok('delete deployment web');
      await until(async () => (await ok('get pods -o name')) === '', 30_000, 'deleting the pods');
    });
    if (whole.has(minor))
      theRest(
        () => k,
        ok,
        (args) => kubectlFollows(path, cluster.kubeconfig, namespace, args),
        namespace,
      );
  });
}

function theRest(
  kubectl: () => (args: string, input?: string) => Promise<Ran>,
  ok: (args: string, input?: string) => Promise<string>,
  follow: (args: string) => RunningKubectl,
  namespace: string,
): void {
  const k = (args: string, input?: string) => kubectl()(args, input);
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mk8s-kubectl-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('apply, apply again, diff, apply --server-side', async () => {
    expect(await ok('apply -f -', manifest(2))).toContain('created');
    expect(await ok('apply -f -', manifest(2))).toContain('unchanged');
    const diff = await k('diff -f -', manifest(4));
    expect([diff.code, diff.stdout]).toEqual([1, expect.stringMatching(/-\s+replicas: 2\n\+\s+replicas: 4/)]);
    expect(await ok('apply -f -', manifest(3))).toContain('configured');
    expect(await ok('apply --server-side --force-conflicts -f -', manifest(2))).toContain('serverside-applied');
    const conflict = await k('apply --server-side --field-manager=other -f -', manifest(5));
    expect([conflict.code, conflict.stderr]).toEqual([1, expect.stringContaining('conflict')]);
    await ok('rollout status deployment/web --timeout=60s');
  });
  it('describe and explain', async () => {
    const text = await ok('describe deployment web');
    expect(text).toContain('StrategyType:           RollingUpdate');
    expect(text).toContain('ScalingReplicaSet');
    expect(await ok('describe pods -l app=web')).toContain('Successfully assigned');
    expect(await ok('describe nodes')).toContain('PodCIDR');
    expect(await ok('explain deployment.spec.replicas')).toContain('replicas');
  });
  it('edit', async () => {
    const editor = join(folder, 'editor');
    writeFileSync(editor, `#!/bin/sh\nsed -i 's/replicas: 2/replicas: 1/' "$1"\n`);
    chmodSync(editor, 0o755);
    process.env['KUBE_EDITOR'] = editor;
    expect(await ok('edit deployment web')).toContain('edited');
    expect(await ok("get deployment web -o 'jsonpath={.spec.replicas}'")).toBe('1');
  });
  it('patch in three ways', async () => {
    await ok(`patch deployment web -p '{"spec":{"replicas":2}}'`);
    await ok(`patch deployment web --type=merge -p '{"metadata":{"annotations":{"a":"1"}}}'`);
    await ok(`patch deployment web --type=json -p '[{"op":"replace","path":"/metadata/annotations/a","value":"2"}]'`);
    expect(await ok("get deployment web -o 'jsonpath={.metadata.annotations.a}/{.spec.replicas}'")).toBe('2/2');
  });
  it('replace, label, annotate', async () => {
    // The controller may write the status between the two, as long as the rollout goes on.
    let object: any;
    await until(async () => {
      object = JSON.parse(await ok('get deployment web -o json'));
      object.metadata.labels.tier = 'front';
      return (await k('replace -f -', JSON.stringify(object))).stdout.includes('replaced');
    });
    expect((await k('replace -f -', JSON.stringify(object))).stderr).toContain('the object has been modified');
    expect(await ok('label deployment web tier=back --overwrite')).toContain('labeled');
    // 1.27 forgets the d.
    expect(await ok('annotate deployment web b=1')).toMatch(/web annotated?\n/);
    expect((await k('label deployment web tier=side')).stderr).toContain(
      'already has a value (back), and --overwrite is false',
    );
  });
  it('scale, set image, rollout', async () => {
    await ok('scale deployment web --replicas=3');
    await ok('rollout status deployment/web --timeout=60s');
    await ok('set image deployment/web nginx=nginx:1.28');
    await ok('rollout status deployment/web --timeout=60s');
    expect(
      await ok(
        `get pods -l app=web --field-selector status.phase=Running -o 'jsonpath={.items[*].spec.containers[0].image}'`,
      ),
    ).toContain('nginx:1.28');
    const history = await ok('rollout history deployment/web');
    expect(history.trim().split('\n').length).toBeGreaterThanOrEqual(4);
    await ok('rollout undo deployment/web');
    await ok('rollout status deployment/web --timeout=60s');
    expect(await ok("get deployment web -o 'jsonpath={.spec.template.spec.containers[0].image}'")).toBe('nginx:1.27');
    await ok('rollout pause deployment/web');
    await ok('set image deployment/web nginx=nginx:1.29');
    expect((await k('rollout restart deployment/web')).stderr).toContain("can't restart paused deployment");
    await ok('rollout resume deployment/web');
    await ok('rollout status deployment/web --timeout=60s');
    await ok('rollout restart deployment/web');
    await ok('rollout status deployment/web --timeout=60s');
    expect(await ok("get deployment web -o 'jsonpath={.spec.template.metadata.annotations}'")).toContain(
      'kubectl.kubernetes.io/restartedAt',
    );
  });
  it('expose, endpoints, wait', async () => {
    expect(await ok('expose deployment web --port=80')).toContain('service/web exposed');
    expect(await ok("get service web -o 'jsonpath={.spec.clusterIP}'")).toMatch(/^10\.\d+\.\d+\.\d+$/);
    await until(
      async () =>
        (
          await ok(
            "get endpointslices -l kubernetes.io/service-name=web -o 'jsonpath={.items[*].endpoints[*].addresses[0]}'",
          )
        ).split(' ').length === 3,
      30_000,
    );
    expect(await ok('wait --for=condition=Available deployment/web --timeout=60s')).toContain('condition met');
    expect(await ok('wait --for=jsonpath={.status.readyReplicas}=3 deployment/web --timeout=60s')).toContain(
      'condition met',
    );
    const gone = await k('wait --for=condition=Nonsense deployment/web --timeout=1s');
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('timed out waiting for the condition')]);
  });
  it('events, and logs -f of a pod that ends', async () => {
    expect(await ok('events')).toContain('ScalingReplicaSet');
    expect(await ok('get events --field-selector reason=Scheduled')).toContain('Successfully assigned');
    const annotations = {
      'simulated.mini-k8s.io/log-every': '200ms',
      'simulated.mini-k8s.io/log-lines': '12',
      'simulated.mini-k8s.io/exit-after': '3s',
    };
    const spec = { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] };
    await ok(
      'create -f -',
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'talk', annotations }, spec }),
    );
    // On a slow machine it may have ended before it is looked at.
    await until(async () => /Running|Succeeded/.test(await ok('get pod talk -o jsonpath={.status.phase}')));
    const logs = follow('logs -f talk');
    await until(() => logs.text().includes('line 2\n'), 30_000, 'a line that is written later');
    expect(await logs.ended).toBe(0);
    expect(logs.text()).toContain('line 12\n');
    expect(await ok('logs talk --tail=2')).toBe('line 11\nline 12\n');
  });
  it('get -w shows what changes, as it does', async () => {
    await ok('create configmap w --from-literal=a=1');
    const watching = follow(`get configmaps -w -o 'jsonpath={.metadata.name}/{.data.a};'`);
    for (const value of ['2', '3']) {
      await until(() => watching.text().includes(`w/${Number(value) - 1};`), 30_000, 'the state before');
      await ok(`patch configmap w -p '{"data":{"a":"${value}"}}'`);
    }
    await until(() => watching.text().includes('w/3;'), 30_000, 'the last state');
    watching.kill();
    await watching.ended;
  });
  it('delete with each --cascade', async () => {
    await ok('create deployment orphan --image=nginx');
    await ok('rollout status deployment/orphan --timeout=60s');
    await ok('delete deployment orphan --cascade=orphan');
    expect(await ok('get rs -l app=orphan -o name')).toContain('replicaset.apps/orphan');
    await ok('delete rs -l app=orphan --cascade=background');
    await until(async () => (await ok('get pods -l app=orphan -o name')) === '', 30_000);
    await ok('delete deployment web --cascade=foreground --timeout=60s');
    expect(await ok('get rs -l app=web -o name')).toBe('');
  });
  it('autoscale makes an autoscaler, and get shows its targets', async () => {
    await ok('create deployment scaled --image=nginx');
    expect(await ok('autoscale deployment scaled --min=2 --max=3 --cpu-percent=70')).toContain(
      'horizontalpodautoscaler.autoscaling/scaled autoscaled',
    );
    expect(await ok('get hpa scaled')).toMatch(/Deployment\/scaled +cpu: <unknown>\/70% +2 +3 +[012] /);
    expect(
      await ok('get horizontalpodautoscalers.v1.autoscaling scaled -o jsonpath={.spec.targetCPUUtilizationPercentage}'),
    ).toBe('70');
    expect((await k('autoscale deployment scaled --max=3')).stderr).toContain('already exists');
    await ok('delete hpa scaled');
  });
  it('refuses what is wrong, with every field named', async () => {
    const bad = manifest(2).replace('name: web,', 'name: Bad_Name,').replace('replicas: 2', 'replicas: -1');
    const { stderr } = await k('create -f -', bad);
    expect(stderr).toContain('metadata.name: Invalid value');
    expect(stderr).toContain('spec.replicas: Invalid value: -1: must be greater than or equal to 0');
    expect((await k('create -f -', manifest(2).replace('replicas: 2', 'replcas: 2'))).stderr).toContain(
      'unknown field "spec.replcas"',
    );
  });
  it('delete namespace takes all that is in it along', async () => {
    expect(await ok(`delete namespace ${namespace} --timeout=110s`)).toContain('deleted');
    expect((await k(`get namespace ${namespace}`)).stderr).toContain('NotFound');
  });
}
