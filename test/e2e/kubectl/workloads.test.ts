// What people do with kubectl to workloads that run: rollouts of the three kinds, Jobs by hand from a CronJob, nodes that are emptied,
// owners that are deleted and their dependents left or awaited. Against a cluster of three simulated nodes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../kit/apiServer.ts';
import { kubectlMissing, kubectls } from '../../kit/kubectls.ts';
import { kubectlFollows, kubectlIn, type UpCluster, upCluster } from '../../kit/upCluster.ts';

const kubectl = kubectls().at(-1);
if (!kubectl) it('kubectl and workloads', (context) => context.skip(kubectlMissing));

let cluster: UpCluster;

/** A namespace of its own, and kubectl in it. */
async function within(namespace: string) {
  const k = kubectlIn(kubectl!.path, cluster.kubeconfig, namespace);
  /** stdout of what must succeed. */
  const ok = async (args: string, input?: string): Promise<string> => {
    const ran = await k(args, input);
    expect(ran.code, `kubectl ${args}\n${ran.stdout}${ran.stderr}`).toBe(0);
    return ran.stdout;
  };
  /** stderr of what must fail. */
  const fails = async (args: string): Promise<string> => {
    const ran = await k(args);
    expect(ran.code, `kubectl ${args}\n${ran.stdout}${ran.stderr}`).not.toBe(0);
    return ran.stderr;
  };
  const images = (app: string) => ok(`get pods -l app=${app} -o 'jsonpath={.items[*].spec.containers[0].image}'`);
  const podNames = async (app: string) =>
    (await ok(`get pods -l app=${app} -o name`)).trim().split('\n').filter(Boolean);
  await ok(`create namespace ${namespace}`);
  await until(async () => (await k('get serviceaccount default')).code === 0, 60_000, 'the default ServiceAccount');
  return { ok, fails, images, podNames };
}

const podTemplate = (app: string, spec: object = {}) => ({
  metadata: { labels: { app } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'web:1' }], ...spec },
});
const workload = (kind: string, name: string, spec: object = {}, pod: object = {}) =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, template: podTemplate(name, pod), ...spec },
  });
beforeAll(async () => {
  if (kubectl) cluster = await upCluster('--nodes', '3');
});
afterAll(() => cluster?.stop());

describe.skipIf(!kubectl)('kubectl', () => {
  it.concurrent.each([
    { kind: 'Deployment', of: 'deployment', count: 2, spec: { replicas: 2 } },
    { kind: 'DaemonSet', of: 'daemonset', count: 3, spec: {} },
    { kind: 'StatefulSet', of: 'statefulset', count: 2, spec: { replicas: 2, serviceName: 'w' } },
  ])(
    'rolls a $kind: status, history, undo, restart, set image',
    { timeout: 240_000 },
    async ({ kind, of, count, spec }) => {
      const { ok, fails, images, podNames } = await within(`roll-${of}`);
      const what = `${of}/w`;
      const done = () => ok(`rollout status ${what} --timeout=100s`);
      const all = (image: string) => Array(count).fill(image).join(' ');
      await ok('create -f -', workload(kind, 'w', spec));
      const wording: Record<string, RegExp> = {
        deployment: /deployment "w" successfully rolled out\n$/,
        daemonset: /daemon set "w" successfully rolled out\n$/,
        statefulset:
          /^(statefulset rolling update complete 2 pods at revision w-\S+|partitioned roll out complete: 2 new pods have been updated)\.\.\.\n$/m,
      };
      expect(await done()).toMatch(wording[of]!);
      await ok(`annotate ${what} kubernetes.io/change-cause=second`);
      expect(await ok(`set image ${what} c=web:2`)).toContain('image updated');
      await done();
      expect(await images('w')).toBe(all('web:2'));
      expect(await ok(`rollout history ${what}`)).toMatch(/REVISION +CHANGE-CAUSE\n1 +\S+\n2 +second\n/);
      expect(await ok(`rollout history ${what} --revision=1`)).toMatch(/#1\n[\s\S]*Image:\s+web:1/);
      expect(await ok(`rollout undo ${what}`)).toContain('rolled back');
      await done();
      expect(await images('w')).toBe(all('web:1'));
      // What comes back is the latest revision.
      expect(await ok(`rollout history ${what}`)).toMatch(/REVISION +CHANGE-CAUSE\n2 +\S+\n3 +\S+\n/);
      expect(await ok(`rollout undo ${what} --to-revision=2`)).toContain('rolled back');
      await done();
      expect(await images('w')).toBe(all('web:2'));
      expect(await fails(`rollout undo ${what} --to-revision=9`)).toContain(
        'unable to find specified revision 9 in history',
      );
      const before = await podNames('w');
      expect(await ok(`rollout restart ${what}`)).toContain('restarted');
      await done();
      const annotation = '{.items[*].metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt}';
      expect((await ok(`get pods -l app=w -o 'jsonpath=${annotation}'`)).split(' ').length).toBe(count);
      if (of !== 'statefulset') expect((await podNames('w')).filter((name) => before.includes(name))).toEqual([]);
    },
  );

  it.concurrent('pauses a Deployment; DaemonSets and StatefulSets cannot pause', { timeout: 240_000 }, async () => {
    const { ok, fails, images } = await within('pause');
    await ok('create deployment w --image=web:0 --replicas=2');
    await ok('set image deployment/w web=web:1');
    await ok('rollout status deployment/w --timeout=100s');
    // A rollout does not wait for the end of the old pods.
    await until(async () => (await images('w')) === 'web:1 web:1');
    expect(await ok('rollout pause deployment/w')).toBe('deployment.apps/w paused\n');
    expect(await fails('rollout pause deployment/w')).toContain('is already paused');
    await ok('set image deployment/w web=web:2');
    expect(await fails('rollout undo deployment/w')).toContain('you cannot rollback a paused deployment');
    await until(async () =>
      (await ok('rollout status deployment/w --watch=false')).includes('Waiting for deployment "w" rollout to finish'),
    );
    expect(await images('w')).toBe('web:1 web:1');
    expect(await ok('get deployment w -o jsonpath={.status.conditions[?(@.type=="Progressing")].reason}')).toBe(
      'DeploymentPaused',
    );
    expect(await ok('rollout resume deployment/w')).toBe('deployment.apps/w resumed\n');
    expect(await fails('rollout resume deployment/w')).toContain('is not paused');
    await ok('rollout status deployment/w --timeout=100s');
    await until(async () => (await images('w')) === 'web:2 web:2', 30_000);
    await ok('create -f -', workload('DaemonSet', 'd'));
    expect(await fails('rollout pause daemonset/d')).toContain('pausing is not supported');
    await ok('delete ds d');
  });

  it.concurrent('rolls a StatefulSet out by partition, and scales it', { timeout: 240_000 }, async () => {
    const { ok, fails, images, podNames } = await within('partition');
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } };
    await ok('create -f -', workload('StatefulSet', 's', { replicas: 3, serviceName: 's', updateStrategy }));
    await ok('rollout status statefulset/s --timeout=100s');
    await ok('set image statefulset/s c=web:2');
    expect(await ok('rollout status statefulset/s --timeout=100s')).toContain(
      'partitioned roll out complete: 1 new pods have been updated...',
    );
    expect(await images('s')).toBe('web:1 web:1 web:2');
    expect(await fails('scale statefulset/s --current-replicas=5 --replicas=1')).toContain(
      'Expected replicas to be 5, was 3',
    );
    expect(await ok('scale statefulset/s --current-replicas=3 --replicas=1')).toBe('statefulset.apps/s scaled\n');
    await until(async () => (await podNames('s')).join() === 'pod/s-0', 30_000, 'only s-0');
    expect(await ok('wait --for=delete pod/s-2 --timeout=60s')).toBe('');
  });

  it.concurrent('starts a Job by hand from a CronJob, and waits for it', { timeout: 240_000 }, async () => {
    const { ok } = await within('jobs');
    expect(await ok("create cronjob nightly --image=busybox '--schedule=0 0 1 1 *'")).toBe(
      'cronjob.batch/nightly created\n',
    );
    const annotations = { 'simulated.mini-k8s.io/exit-after': '300ms' };
    const patch = { spec: { jobTemplate: { spec: { template: { metadata: { annotations } } } } } };
    await ok(`patch cronjob nightly -p '${JSON.stringify(patch)}'`);
    expect(await ok('create job now --from=cronjob/nightly')).toBe('job.batch/now created\n');
    expect(await ok('wait --for=condition=complete job/now --timeout=100s')).toBe('job.batch/now condition met\n');
    const job = JSON.parse(await ok('get job now -o json'));
    expect(job.metadata.annotations['cronjob.kubernetes.io/instantiate']).toBe('manual');
    expect(job.metadata.ownerReferences).toMatchObject([{ kind: 'CronJob', name: 'nightly', controller: true }]);
    expect(await ok('get job now')).toMatch(/NAME +STATUS +COMPLETIONS +DURATION +AGE\nnow +Complete +1\/1 /);
    expect(await ok('get cronjob nightly')).toMatch(/nightly +0 0 1 1 \* +<none> +False +0 +<none> /);
    await ok('delete cronjob nightly');
    await until(async () => (await ok('get jobs -o name')) === '', 30_000, 'the Job goes with it');
  });

  it.concurrent('delete --cascade: orphans are adopted again, foreground waits for dependents', {
    timeout: 240_000,
  }, async () => {
    const { ok, podNames } = await within('cascade');
    await ok('create -f -', workload('StatefulSet', 's', { replicas: 2, serviceName: 's' }));
    await ok('rollout status statefulset/s --timeout=100s');
    const uids = await ok('get pods -l app=s -o jsonpath={.items[*].metadata.uid}');
    await ok('delete statefulset s --cascade=orphan');
    expect(await ok('get pods -l app=s -o jsonpath={.items[*].metadata.ownerReferences}')).toBe('');
    await ok('create -f -', workload('StatefulSet', 's', { replicas: 2, serviceName: 's' }));
    await ok('rollout status statefulset/s --timeout=100s');
    expect(await ok('get pods -l app=s -o jsonpath={.items[*].metadata.uid}')).toBe(uids);
    await ok('delete statefulset s --cascade=foreground --timeout=100s');
    expect(await podNames('s')).toEqual([]);
    await ok('create -f -', workload('DaemonSet', 'd'));
    await ok('rollout status daemonset/d --timeout=100s');
    await ok('delete daemonset d --cascade=orphan');
    expect((await podNames('d')).length).toBe(3);
    await ok('delete pods -l app=d');
  });

  it.concurrent('get -w shows a pod from its creation to its end', { timeout: 240_000 }, async () => {
    const { ok } = await within('watch');
    const watching = kubectlFollows(kubectl!.path, cluster.kubeconfig, 'watch', 'get pods -w --no-headers');
    await ok('run first --image=busybox --annotations=simulated.mini-k8s.io/exit-after=1h');
    await until(() => watching.text().includes('first'), 30_000, 'the watch');
    await ok(
      'run once --image=busybox --restart=Never --annotations=simulated.mini-k8s.io/start-delay=2s --annotations=simulated.mini-k8s.io/exit-after=4s',
    );
    await until(() => /once +0\/1 +Completed/.test(watching.text()), 30_000, 'the end');
    const states = [...watching.text().matchAll(/^once +\d\/1 +(\S+)/gm)].map((m) => m[1]);
    expect([...new Set(states)]).toEqual(['Pending', 'ContainerCreating', 'Running', 'Completed']);
    watching.kill();
    await watching.ended;
    await ok('delete pods --all --grace-period=0 --force');
  });

  // These two change nodes: alone.
  it('cordon, drain and uncordon, with what stands in the way', { timeout: 240_000 }, async () => {
    const { ok, fails, podNames } = await within('drain');
    const [node] = (await ok('get nodes -o jsonpath={.items[*].metadata.name}')).split(' ');
    const pinned = { nodeSelector: { 'kubernetes.io/hostname': node } };
    await ok('create -f -', workload('DaemonSet', 'd'));
    await ok('create -f -', workload('Deployment', 'w', { replicas: 1 }, pinned));
    await ok(
      'create -f -',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'bare' },
        spec: { ...podTemplate('bare').spec, ...pinned },
      }),
    );
    const volumes = [{ name: 'v', emptyDir: {} }];
    await ok('create -f -', workload('Deployment', 'scratch', { replicas: 1 }, { ...pinned, volumes }));
    for (const name of ['w', 'scratch']) await ok(`rollout status deployment/${name} --timeout=100s`);
    await ok('rollout status daemonset/d --timeout=100s');
    expect(await ok(`cordon ${node}`)).toBe(`node/${node} cordoned\n`);
    expect(await ok(`get node ${node}`)).toContain('Ready,SchedulingDisabled');
    const refused = await fails(`drain ${node} --timeout=5s`);
    expect(refused).toContain('cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): ');
    expect(refused).toContain(
      'cannot delete Pods with local storage (use --delete-emptydir-data to override): drain/scratch-',
    );
    expect(refused).toContain('cannot delete Pods that declare no controller (use --force to override): drain/bare');
    await ok('create poddisruptionbudget w --selector=app=w --min-available=1');
    await until(async () => (await ok('get pdb w -o jsonpath={.status.currentHealthy}')) === '1', 30_000);
    const flags = '--ignore-daemonsets --delete-emptydir-data --force';
    const blocked = await fails(`drain ${node} ${flags} --timeout=7s`);
    expect(blocked).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
    expect(await fails('get pod bare')).toContain('NotFound');
    // Deletion asks no budget.
    const [left] = await podNames('w');
    expect(await ok(`drain ${node} ${flags} --disable-eviction --timeout=100s`)).toContain(`${left} deleted`);
    expect(await ok(`get pods -l app=d --field-selector spec.nodeName=${node} -o name`)).toContain('pod/d-');
    await until(async () => (await ok('get pods -l app=w')).includes('Pending'), 30_000, 'its successor has no place');
    expect(await ok(`uncordon ${node}`)).toBe(`node/${node} uncordoned\n`);
    await ok('rollout status deployment/w --timeout=100s');
  });

  it('taint: pods without toleration leave, and come back after', { timeout: 240_000 }, async () => {
    const { ok, fails } = await within('taint');
    const [, node] = (await ok('get nodes -o jsonpath={.items[*].metadata.name}')).split(' ');
    await ok('create -f -', workload('DaemonSet', 'd'));
    await ok('rollout status daemonset/d --timeout=100s');
    expect(await ok(`taint nodes ${node} dedicated=db:NoExecute`)).toBe(`node/${node} tainted\n`);
    expect(await fails(`taint nodes ${node} dedicated=web:NoExecute`)).toContain(
      'already has dedicated taint(s) with same effect(s) and --overwrite is false',
    );
    const on = () => ok(`get pods -l app=d --field-selector spec.nodeName=${node} -o name`);
    await until(async () => (await on()) === '', 30_000, 'the pod leaves');
    await until(async () => (await ok('get ds d -o jsonpath={.status.desiredNumberScheduled}')) === '2', 30_000);
    expect(await ok(`taint nodes ${node} dedicated-`)).toBe(`node/${node} untainted\n`);
    await until(async () => (await on()) !== '', 30_000, 'a pod is there again');
    await ok('rollout status daemonset/d --timeout=100s');
  });
});
