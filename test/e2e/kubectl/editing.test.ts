// One object after another through kubectl's writing commands: what each leaves behind, who it says it was, and what it refuses.
// An API server alone, since nothing here waits for a controller; the newest kubectl, and the central part with the oldest.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../../kit/apiServer.ts';
import { kubectlMissing, kubectls } from '../../kit/kubectls.ts';
import { kubectlIn, type Ran } from '../../kit/upCluster.ts';

const all = kubectls();
const folder = mkdtempSync(join(tmpdir(), 'mk8s-'));
let server: TestApiServer;
beforeAll(async () => {
  if (all.length) server = await startTestApiServer({ flags: ['--disable-admission-plugins=ServiceAccount'] });
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

if (!all.length) it('kubectl writes', (context) => context.skip(kubectlMissing));

const pod = `
apiVersion: v1
kind: Pod
metadata: {name: shop, labels: {app: shop}}
spec: {containers: [{name: till, image: "till:1"}]}
`;
const several = `
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: draft}, spec: {selector: {app: draft}, ports: [{port: 80}]}}
- apiVersion: v1
  kind: ReplicationController
  metadata: {name: draft}
  spec:
    selector: {app: draft}
    template: {metadata: {labels: {app: draft}}, spec: {containers: [{name: c, image: i}]}}
`;

function editor(name: string, change: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\nsed -i '${change}' "$1"\n`);
  chmodSync(file, 0o755);
  return file;
}

for (const { path, minor } of [...new Set([all[0], all.at(-1)])].filter((k) => k !== undefined)) {
  describe(`kubectl 1.${minor}`, () => {
    const namespace = `e${minor}`;
    let k: (args: string, input?: string) => Promise<Ran>;
    const ok = async (args: string, input?: string) => {
      const ran = await k(args, input);
      expect(ran.code, `kubectl ${args}\n${ran.stdout}${ran.stderr}`).toBe(0);
      return ran.stdout;
    };
    const refused = async (args: string, input?: string) => {
      const ran = await k(args, input);
      expect(ran.code, `kubectl ${args}\n${ran.stdout}`).not.toBe(0);
      return ran.stderr;
    };
    const field = (what: string, jsonpath: string) => ok(`get ${what} -o jsonpath={${jsonpath}}`);
    const managers = async (what: string) =>
      (await ok(`get ${what} --show-managed-fields -o jsonpath={.metadata.managedFields[*].manager}`)).split(' ');
    const withEditor = async <T>(command: string, run: () => Promise<T>): Promise<T> => {
      process.env['KUBE_EDITOR'] = command;
      return run().finally(() => delete process.env['KUBE_EDITOR']);
    };
    beforeAll(async () => {
      k = kubectlIn(path, server.kubeconfig, namespace);
      await ok(`create namespace ${namespace}`);
    });

    it('each command signs with its name', async () => {
      await ok('create -f -', pod);
      await ok('label pod shop size=small');
      await ok('annotate pod shop note=');
      await ok('patch pod shop -p {"metadata":{"labels":{"tier":"front"}}}');
      await ok('set image pod/shop till=till:2');
      expect(await managers('pod/shop')).toContain('kubectl-set');
      await withEditor(editor('three', 's/till:2/till:3/'), async () =>
        expect(await ok('edit pod/shop --output-patch')).toContain('Patch:'),
      );
      expect(await field('pod/shop', '.spec.containers[0].image')).toBe('till:3');
      expect(await managers('pod/shop')).toEqual(
        expect.arrayContaining(['create', 'label', 'annotate', 'patch', 'edit'].map((name) => `kubectl-${name}`)),
      );
      expect(await field('pod/shop', '.metadata.labels')).toBe('{"app":"shop","size":"small","tier":"front"}');
    });

    it('an editor that changes nothing cancels, one that does works on a list', async () => {
      await withEditor('cat', async () => expect((await k('edit pod/shop')).stderr).toContain('Edit cancelled'));
      await withEditor(editor('final', 's/draft/final/g'), () => ok('create --edit -f -', several));
      expect(await field('svc,rc', '.items[*].metadata.name')).toBe('final final');
      expect(await managers('rc/final')).toContain('kubectl-create');
    });

    it('a patch is a precondition, a no-op or refused in upstream’s words', async () => {
      expect(await ok('patch pod shop -p {"metadata":{"labels":{"app":"shop"}}}')).toContain('patched (no change)');
      expect(await refused('patch pod shop -p {"metadata":{"labels":"none"}}')).toContain(
        'cannot restore map from string',
      );
      const version = Number(await field('pod/shop', '.metadata.resourceVersion'));
      const at = (v: number) => `patch pod shop -p {"metadata":{"resourceVersion":"${v}","labels":{"v":"${v}"}}}`;
      expect(await refused(at(version + 100))).toContain('please apply your changes to the latest version');
      await ok(at(version));
      expect(await refused('label pod shop app=other')).toContain('--overwrite is false');
      await ok('label --overwrite pods --all app=other');
    });

    if (minor !== all.at(-1)?.minor) return;

    it('dry runs of the server change nothing', async () => {
      const before = await field('pod/shop', '.metadata.resourceVersion');
      for (const command of [
        'label pod shop x=y',
        'annotate pod shop x=y',
        'set image pod/shop till=till:9',
        'delete pod shop',
      ])
        expect(await ok(`${command} --dry-run=server`)).toMatch(/server dry run/);
      expect(await field('pod/shop', '.metadata.resourceVersion')).toBe(before);
    });

    it('replace: forced to change what is fixed, from what was read, without a version', async () => {
      const read = await ok('get pod shop -o json');
      await ok('replace --force -f -', read.replaceAll('"till"', '"desk"'));
      expect(await field('pod/shop', '.spec.containers[0].name')).toBe('desk');
      expect(await managers('pod/shop')).toContain('kubectl-replace');
      await ok('replace -f -', await ok('get service final -o json'));
      const node = (more: string) => `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n${minor}"${more}}}`;
      await ok('create -f -', node(''));
      await ok('replace -f -', node(',"annotations":{"a":"b"},"resourceVersion":"0"'));
      expect(await field(`node/n${minor}`, '.metadata.annotations.a')).toBe('b');
    });

    it('selectors, exposure and scale know the versions they were made from', async () => {
      await ok('set selector service final app=x');
      expect(await refused('set selector service final app=y --resource-version=1')).toContain('Conflict');
      expect(await ok('expose rc final --name=open --port=8080 --type=NodePort')).toContain('exposed');
      expect(await field('service/open', '.spec.ports[0].nodePort')).toMatch(/^3\d{4}$/);
      expect(await managers('service/open')).toContain('kubectl-expose');
      await ok('scale rc final --current-replicas=1 --replicas=2');
      expect(await refused('scale rc final --current-replicas=1 --replicas=3')).toMatch(
        /expected replicas to be 1, was 2/i,
      );
    });

    it('raw paths take the object that belongs there and no other', async () => {
      const base = `/api/v1/namespaces/${namespace}/configmaps`;
      const map = (value: string) =>
        `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"raw"},"data":{"k":"${value}"}}`;
      await ok(`create --raw ${base} -f -`, map('1'));
      expect(await ok(`replace --raw ${base}/raw -f -`, map('2'))).toContain('"uid"');
      expect(await ok(`get --raw ${base}/raw`)).toContain('"k":"2"');
      expect(await ok(`delete --raw ${base}/raw`)).toContain('"Success"');
      expect(await refused('create --raw /api/v1/namespaces -f -', map('3'))).toMatch(
        /must be of type Namespace|BadRequest/,
      );
    });

    it('describe asks for pages, and shows what they hold', async () => {
      for (const name of ['p1', 'p2', 'p3']) await ok(`create configmap ${name} --from-literal=k=${name}`);
      const { stdout, stderr } = await k('describe configmaps --chunk-size=1 -v=6');
      expect(stderr).toMatch(/configmaps\?limit=1/);
      expect(stderr).toMatch(/configmaps\?continue=\S+limit=1/);
      expect(stdout).toMatch(/p1[\s\S]*p2[\s\S]*p3/);
    });
  });
}
