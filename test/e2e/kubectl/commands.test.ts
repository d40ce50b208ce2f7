// kubectl commands in the ways that upstream's own command tests hold: an API server and controllers, a Node that nobody runs, files of many
// objects, folders with a broken file, selectors, pages, dry runs. Workloads that run are in ../kubectl.test.ts.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../kit/apiServer.ts';
import { kubectlMissing, kubectls } from '../../kit/kubectls.ts';
import { kubectlIn, type Ran, type UpCluster, upCluster } from '../../kit/upCluster.ts';

const kubectl = kubectls().at(-1);
if (!kubectl) it('kubectl commands', (context) => context.skip(kubectlMissing));

const namespace = 'commands';
const names = `-o 'go-template={{range.items}}{{.metadata.name}}:{{end}}'`;
let cluster: UpCluster;
let folder: string;
let k: (args: string, input?: string) => Promise<Ran>;

/** stdout of what must succeed. */
async function ok(args: string, input?: string): Promise<string> {
  const ran = await k(args, input);
  expect(ran.code, `kubectl ${args}\n${ran.stdout}${ran.stderr}`).toBe(0);
  return ran.stdout;
}
/** All output, however it ended. */
async function said(args: string, input?: string): Promise<string> {
  const { stdout, stderr } = await k(args, input);
  return stdout + stderr;
}
function file(name: string, ...objects: unknown[]): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, objects.map((o) => JSON.stringify(o)).join('\n---\n'));
  return path;
}
const pod = (name: string, image = 'web:1', labels: object = {}, rest: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: { containers: [{ name: 'main', image }], ...rest },
});

beforeAll(async () => {
  if (!kubectl) return;
  folder = mkdtempSync(join(tmpdir(), 'mk8s-kubectl-'));
  cluster = await upCluster('--only', 'apiserver,controllers');
  k = kubectlIn(kubectl.path, cluster.kubeconfig, namespace);
  await ok(`create namespace ${namespace}`);
  await until(async () => (await k('get serviceaccount default')).code === 0, 60_000, 'the default ServiceAccount');
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'idle', labels: { rack: 'a' } } };
  await ok('create -f -', JSON.stringify({ ...node, status: { capacity: { memory: '1Gi' } } }));
});
afterAll(async () => {
  await cluster?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!kubectl)('kubectl', () => {
  it('get: nothing there, pages, sorting, subresources', async () => {
    expect(await said('get pods')).toContain('No resources found');
    expect(await said('get pods -o json')).not.toContain('No resources found');
    expect(await said('get pods absent -o json')).toBe('Error from server (NotFound): pods "absent" not found\n');
    expect(await said('get unheardof')).toContain(`the server doesn't have a resource type "unheardof"`);
    const paged = await said('get clusterroles --chunk-size=20 -v=6');
    expect(paged).toMatch(/clusterroles\?limit=20" status="200 OK"/);
    expect(paged).toMatch(/clusterroles\?continue=/);
    const sizes = { big: '3', small: '1', middle: '2' };
    for (const [name, n] of Object.entries(sizes)) {
      const resources = { requests: { cpu: `${n}00m`, memory: `${n}Mi` } };
      const containers = [{ name: `c${n}`, image: 'x', resources }];
      await ok('create -f -', JSON.stringify(pod(name, 'x', { name: `l${n}` }, { containers })));
    }
    for (const field of ['{.spec.containers[0].resources.requests.cpu}', '{metadata.labels.name}']) {
      const sorted = (await ok(`get pods --no-headers --sort-by=${field}`)).trim().split('\n');
      expect(sorted.map((line) => line.split(' ')[0])).toEqual(['small', 'middle', 'big']);
    }
    expect(await ok('get pod big --subresource=status')).toContain('Pending');
    expect(await said('get pod big --subresource=scale')).toContain('could not find the requested resource');
    expect(await said('get pods -w --request-timeout=4 --chunk-size=1')).toMatch(/^NAME .*\nbig .*\nmiddle .*\nsmall /);
    const all = await said('get all -v=6 --chunk-size=0');
    for (const path of ['pods', 'services', 'replicationcontrollers'])
      expect(all).toMatch(new RegExp(`/api/v1/namespaces/${namespace}/${path}" status="200 OK"`));
    await ok('delete pods --all --grace-period=0 --force');
    expect(await ok(`get pods ${names}`)).toBe('');
  });

  it('files of several objects: create, replace --force, edit, label, annotate, delete', async () => {
    const service = (status?: string) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'pair', labels: { status } },
      spec: { selector: { app: 'pair' }, ports: [{ port: 99 }] },
    });
    const replicaSet = (status?: string) => ({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'pair', labels: { status } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'pair' } },
        template: { metadata: { labels: { app: 'pair' } }, spec: { containers: [{ name: 'c', image: 'x' }] } },
      },
    });
    const list = (status?: string) => ({
      apiVersion: 'v1',
      kind: 'List',
      items: [service(status), replicaSet(status)],
    });
    const editor = join(folder, 'editor.sh');
    writeFileSync(editor, '#!/bin/sh\nsed -i "s/status: replaced/status: edited/" "$@"\n');
    chmodSync(editor, 0o755);
    process.env['KUBE_EDITOR'] = editor;
    for (const [made, replaced] of [
      [file('pair.json', service(), replicaSet()), file('pair-2.json', service('replaced'), replicaSet('replaced'))],
      [file('list.json', list()), file('list-2.json', list('replaced'))],
    ]) {
      await ok(`create -f ${made}`);
      const watched = await said(`get -f ${made} --watch`);
      expect(watched).toContain('watch is only supported on individual resources and resource collections');
      await ok(`describe -f ${made}`);
      await ok(`replace -f ${replaced} --force`);
      await ok(`edit -f ${made}`);
      await ok(`label -f ${made} labelled=yes`);
      await ok(`annotate -f ${made} annotated=yes`);
      const seen = await ok(
        `get -f ${made} -o 'go-template={{range.items}}{{.metadata.labels.status}} {{.metadata.labels.labelled}} {{.metadata.annotations.annotated}} {{end}}'`,
      );
      expect(seen).toBe('edited yes yes edited yes yes ');
      await ok(`delete -f ${made}`);
    }
    delete process.env['KUBE_EDITOR'];
  });

  it('folders with a broken file: the sound ones are done, the broken one is named', async () => {
    const broken = { ...pod('c'), kind: undefined };
    for (const [path, object] of Object.entries({ 'a.json': pod('a'), 'sub/b.json': pod('b'), 'sub/c.json': broken }))
      file(`tree/${path}`, object);
    const tree = `-f ${join(folder, 'tree')} --recursive`;
    expect(await said(`create ${tree}`)).toContain('error validating data: kind not set');
    expect(await ok(`get pods ${names}`)).toBe('a:b:');
    for (const [command, ...rest] of [
      ['label', 'mine=yes'],
      ['annotate', 'mine=yes'],
      ['patch', '--type=strategic', `-p {"spec":{"containers":[{"name":"main","image":"web:2"}]}}`],
      ['get'],
      ['describe'],
    ])
      expect(await said(`${command} ${tree} ${rest.join(' ')}`)).toContain(`Object 'Kind' is missing`);
    const shown = `{{.metadata.labels.mine}}{{.metadata.annotations.mine}}{{(index .spec.containers 0).image}} `;
    expect(await ok(`get pods -o 'go-template={{range.items}}${shown}{{end}}'`)).toBe('yesyesweb:2 yesyesweb:2 ');
    await said(`delete ${tree} --grace-period=0 --force`);
    expect(await ok(`get pods ${names}`)).toBe('');
  });

  it('diff changes nothing and ends with 0, 1 or more', async () => {
    const before = file('diff.json', pod('differs'));
    const after = file('diff-2.json', pod('differs', 'web:9'));
    expect((await k(`diff -f ${before}`)).code).toBe(1);
    expect(await ok(`get pods ${names}`)).toBe('');
    for (const mode of ['', '--server-side --force-conflicts']) {
      await ok(`apply -f ${before} ${mode}`);
      const version = () => ok(`get pod differs -o jsonpath={.metadata.resourceVersion}`);
      const applied = await version();
      await ok(`diff -f ${before} ${mode}`);
      const differs = await k(`diff -f ${after} ${mode}`);
      expect([differs.code, /web:9/.test(differs.stdout)]).toEqual([1, true]);
      expect(await version()).toBe(applied);
    }
    expect((await k(`diff -f ${file('bad.json', { ...pod('differs'), spec: { containers: 'none' } })}`)).code).toBe(2);
    await ok('delete pods --all --grace-period=0 --force');
  });

  it('debug: ephemeral containers, copies, nodes', async () => {
    await ok('run target --image=web:1');
    await ok('debug target -it --image=tools --attach=false -c inside --profile=general');
    expect(await ok(`get pod target -o 'jsonpath={.spec.ephemeralContainers[*].name}'`)).toBe('inside');
    expect(await ok(`get pod target -o 'jsonpath={.spec.ephemeralContainers[0].securityContext}'`)) //
      .toBe('{"capabilities":{"add":["SYS_PTRACE"]}}');
    await ok('debug target -it --copy-to=copy --image=tools -c beside --attach=false');
    expect(await ok(`get pod copy -o 'jsonpath={.spec.containers[*].image}'`)).toBe('web:1 tools');
    await ok('debug target --image=tools --set-image=*=other:1 --copy-to=other --replace --attach=false');
    expect(await ok(`get pods ${names}`)).toBe('copy:other:');
    const told = await ok('debug node/idle --image=tools --attach=false -- true');
    const debugger_ = /node-debugger-idle-\w+/.exec(told)![0];
    expect(
      await ok(
        `get pod ${debugger_} -o 'jsonpath={.spec.nodeName} {.spec.hostNetwork} {.spec.volumes[0].hostPath.path}'`,
      ),
    ) //
      .toBe('idle true /');
    await ok('delete pods --all --grace-period=0 --force');
    expect(await said('exec absent -- date')).toContain('pods "absent" not found');
    await ok('run waits --image=web:1');
    expect(await said('exec waits -- date')).toBe(
      'Error from server (BadRequest): pod waits does not have a host assigned\n',
    );
    expect(await said('exec configmap/kube-root-ca.crt -- date')).toContain('not implemented');
    await ok('delete pod waits --grace-period=0 --force');
  });

  it('nodes: taint, cordon, drain with selectors, pages and dry runs', async () => {
    const taints = () => ok(`get node idle -o 'jsonpath={.spec.taints[?(@.key=="mine")].value}'`);
    await ok('taint node idle mine=so:PreferNoSchedule --dry-run=server');
    expect(await taints()).toBe('');
    await ok('taint node idle mine=so:PreferNoSchedule');
    expect(await taints()).toBe('so');
    await ok('taint node idle mine-');
    for (const name of ['first', 'second'])
      await ok('create -f -', JSON.stringify(pod(name, 'x', { type: 'held', name }, { nodeName: 'idle' })));
    const unschedulable = () => ok('get node idle -o jsonpath={.spec.unschedulable}');
    await ok('cordon idle --dry-run=server');
    await ok('drain idle --force --dry-run=server');
    expect(await unschedulable()).toBe('');
    const paged = await said(
      'drain --force --pod-selector type=held --selector rack=a --chunk-size=1 --dry-run=client -v=6',
    );
    const pods = String.raw`/v1/pods\?.*fieldSelector=spec.nodeName%3Didle&labelSelector=type%3Dheld&limit=1" status="200 OK"`;
    expect(paged.match(new RegExp(pods, 'g'))).toHaveLength(2);
    expect(paged).toMatch(/evicting pod .*\/first[\s\S]*evicting pod .*\/second/);
    // Nobody runs the node, so the evicted pod stays in its grace period.
    const drained = await said(
      'drain idle --force --pod-selector name=first --skip-wait-for-delete-timeout=1 --grace-period=1',
    );
    expect(drained).toContain('node/idle drained');
    expect(await unschedulable()).toBe('true');
    const going = `-o 'jsonpath={.items[?(@.metadata.deletionTimestamp)].metadata.name}'`;
    expect(await ok(`get pods ${going}`)).toBe('first');
    expect(await ok('cordon --selector rack=b')).toBe('');
    await ok('uncordon idle');
    await ok('delete pods --all --grace-period=0 --force');
  });

  it('roles and bindings: create, set subject, auth reconcile, can-i', async () => {
    await ok('create role reader --verb=get,list --resource=pods/status,deployments.apps');
    const rules = '{{range.rules}}{{range.apiGroups}}[{{.}}]{{end}}{{range.resources}}{{.}} {{end}}{{end}}';
    expect(await ok(`get role reader -o 'go-template=${rules}'`)).toBe('[]pods/status [apps]deployments ');
    expect(await said('create role wrong --verb=get --resource=rs.unheardof/scale')) //
      .toContain(`the server doesn't have a resource type "rs" in group "unheardof"`);
    await ok('create clusterrole urls --verb=get --non-resource-url=/logs/* --non-resource-url=/healthz/*');
    await ok('create rolebinding readers --role=reader --user=one');
    await ok('set subject rolebinding readers --serviceaccount=other:two');
    expect(await ok(`get rolebinding readers -o 'jsonpath={.subjects[*].name}'`)).toBe('one two');
    const deleted = await said('delete clusterrole urls');
    expect(deleted).toContain('deleting cluster-scoped resources');
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'made', namespace } };
    const desired = file('role.json', { ...role, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] });
    await ok(`auth reconcile -f ${desired} --dry-run=client`);
    expect(await said('get role made')).toContain('not found');
    await ok(`auth reconcile -f ${desired}`);
    expect(await ok('get role made -o name')).toBe('role.rbac.authorization.k8s.io/made\n');
    expect(await said('auth can-i get pods --as=one')).toBe('no\n');
    expect(await said('auth can-i get deployments.apps --as=one')).toBe('yes\n');
    expect(await said('auth can-i get nodes')).toContain(`resource 'nodes' is not namespace scoped`);
    expect(await said('auth can-i get unheardof')).toContain(`the server doesn't have a resource type 'unheardof'`);
  });

  it('a definition may claim the short name of another kind, and does not get it', async () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'peas.green.example.com' },
      spec: {
        group: 'green.example.com',
        scope: 'Namespaced',
        names: { plural: 'peas', singular: 'pod', kind: 'Pea', shortNames: ['po'], categories: ['all'] },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        ],
      },
    };
    await ok('create -f -', JSON.stringify(crd));
    await ok('wait crd/peas.green.example.com --for=condition=Established --timeout=60s');
    const pea = JSON.stringify({ apiVersion: 'green.example.com/v1', kind: 'Pea', metadata: { name: 'sweet' } });
    await until(async () => (await k('create -f -', pea)).code === 0);
    for (const name of ['pod', 'po', 'pods']) expect(await said(`get ${name}`)).toContain('No resources found');
    expect(await ok('get peas')).toContain('sweet');
    expect(await ok('get all')).toContain('pea.green.example.com/sweet');
    await ok('delete crd peas.green.example.com');
  });

  it('wait: for deletion, for what is not there yet, and in vain', async () => {
    await ok('create deployment brief --image=x --replicas=0');
    expect(await ok(`wait deployment/brief --for=jsonpath={.status.observedGeneration}=1`)).toContain('condition met');
    expect(await said('wait deployment/brief --for=jsonpath={.status.readyReplicas}=1 --timeout=1s')).toContain(
      'timed out',
    );
    const gone = ok('wait deployment --for=delete --all');
    await ok('delete deployment brief');
    expect(await gone).toMatch(/brief condition met|^$/);
    const there = ok('wait --for=create configmap/late --timeout=60s');
    await ok('create configmap late');
    expect(await there).toContain('condition met');
  });

  it('delete by label in all namespaces, after a dry run', async () => {
    const anywhere = kubectlIn(kubectl!.path, cluster.kubeconfig, '');
    for (const other of ['one', 'two']) {
      const metadata = { name: 'm', namespace: other, labels: { away: 'yes' } };
      await ok(`create namespace ${other}`);
      const made = await anywhere('create -f -', JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata }));
      expect(made.stdout).toContain('created');
    }
    const left = () => ok(`get configmaps -A -l away ${names}`);
    expect((await anywhere('delete configmaps -A -l away=yes --dry-run=server')).code).toBe(0);
    expect(await left()).toBe('m:m:');
    expect((await anywhere('delete configmaps -A -l away=yes')).code).toBe(0);
    expect(await left()).toBe('');
  });

  it('proxy passes paths on, under a prefix too', async () => {
    for (const prefix of ['', '/custom']) {
      const child = spawn(kubectl!.path, ['proxy', '--port=0', ...(prefix ? [`--api-prefix=${prefix}`] : [])], {
        env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
      });
      let text = '';
      child.stdout.on('data', (chunk) => {
        text += chunk;
      });
      try {
        await until(() => /:\d+\n/.test(text));
        const origin = `http://127.0.0.1:${/:(\d+)\n/.exec(text)![1]}${prefix}`;
        const codes: Record<string, number> = {
          '/api/v1/namespaces': 200,
          '/apis': 200,
          '/api/unheardof': 404,
          '/metrics': 200,
        };
        for (const [path, code] of Object.entries(codes)) expect((await fetch(origin + path)).status, path).toBe(code);
      } finally {
        child.kill();
      }
    }
  });
});
