// kubectl and the controllers of the cluster itself: addresses of load balancers, tokens in Secrets, machines of nodes, ranges of
// Services, deletions in the three ways. An API server and a controller manager; pods are played. The newest kubectl.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Client } from '../../../client/client.ts';
import { type RunningManager, runPods, startManager } from '../../controllers/manager.ts';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { kubectlMissing, kubectls } from '../../kit/kubectls.ts';
import { kubectlIn, type Ran } from '../../kit/upCluster.ts';

const kubectl = kubectls().at(-1);
let server: TestApiServer;
let manager: RunningManager;
let client: Client;
let player: { stop(): void };
let k: (args: string, input?: string) => Promise<Ran>;
beforeAll(async () => {
  if (!kubectl) return;
  server = await startTestApiServer({ flagsFor: (pki) => [`--service-account-key-file=${pki}/sa.pub`] });
  manager = startManager(server, [
    '--cloud-provider=mini-k8s',
    '--cloud-zones=za,zb',
    '--node-monitor-period=200ms',
    `--service-account-private-key-file=${server.folder}/pki/sa.key`,
  ]);
  client = await server.client();
  player = runPods(client);
  k = kubectlIn(kubectl.path, server.kubeconfig, 'default');
  await until(async () => (await k('get serviceaccount default')).code === 0);
});
afterAll(async () => {
  player?.stop();
  client?.close();
  await manager?.stop();
  await server?.stop();
});
async function ok(args: string, input?: string): Promise<string> {
  const ran = await k(args, input);
  expect(ran.code, `kubectl ${args}\n${ran.stdout}${ran.stderr}`).toBe(0);
  return ran.stdout;
}
const test = kubectl ? it : (name: string, _: () => Promise<void>) => it(name, (c) => c.skip(kubectlMissing));

test('expose with type LoadBalancer gives an EXTERNAL-IP, and describe says who gave it', async () => {
  await ok('create deployment web --image=nginx');
  await ok('expose deployment web --port=80 --type=LoadBalancer');
  const address = 'jsonpath={.status.loadBalancer.ingress[0].ip}';
  await ok(`wait service/web --for=${address} --timeout=60s`);
  expect(await ok(`get service web -o ${address}`)).toBe('198.18.0.1');
  expect(await ok('get service web')).toMatch(/web +LoadBalancer +10\.\S+ +198\.18\.0\.1 +80:\d+\/TCP/);
  const told = async () => ok('describe service web');
  await until(async () => (await told()).includes('EnsuredLoadBalancer'));
  expect(await told()).toMatch(/LoadBalancer Ingress: +198\.18\.0\.1 \(VIP\)/);
  await ok('delete service web --timeout=60s');
  expect((await k('get service web')).stderr).toContain('NotFound');
});

test('the token of a Secret is its account, until the account is deleted', async () => {
  await ok('create serviceaccount bot');
  const metadata = { name: 'bot', annotations: { 'kubernetes.io/service-account.name': 'bot' } };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/service-account-token' };
  await ok('create -f -', JSON.stringify(secret));
  await ok('wait secret/bot --for=jsonpath={.data.token} --timeout=60s');
  const described = await ok('describe secret bot');
  // kubectl prints the keys in the order of a Go map, another one each time.
  for (const line of [/^ca\.crt: +\d+ bytes$/m, /^namespace: +7 bytes$/m, /^token: +ey/m])
    expect(described).toMatch(line);
  const token = Buffer.from(await ok('get secret bot -o jsonpath={.data.token}'), 'base64').toString();
  const as = async (path: string) =>
    (
      await client.raw<any>('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token },
      })
    ).status[path];
  expect((await as('user')).username).toBe('system:serviceaccount:default:bot');
  expect(await ok('get secret bot -L kubernetes.io/legacy-token-last-used')).toMatch(/\d{4}-\d\d-\d\d\n$/);
  await ok('delete serviceaccount bot');
  await ok('wait secret/bot --for=delete --timeout=60s');
});

test('a node of a cloud gets its zone before pods come, and goes when its machine is gone', async () => {
  const taint = { key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' };
  const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { taints: [taint] } });
  for (const name of ['m1', 'm2']) await ok('create -f -', JSON.stringify(node(name)));
  const zones = async () => ok('get nodes m1 m2 -L topology.kubernetes.io/zone --no-headers');
  await until(async () => /za\n.*zb\n$|zb\n.*za\n$/.test(await zones()));
  expect(await ok('get node m1 -o jsonpath={.spec.providerID}')).toBe('mini-k8s://m1');
  // By another controller, in its own time.
  const range = () => ok('get node m1 -o jsonpath={.spec.podCIDR}');
  await until(async () => (await range()) !== '');
  expect(await range()).toMatch(/^10\.244\.\d+\.0\/24$/);
  await ok('annotate node m2 cloud.mini-k8s.io/instance=terminated');
  await ok('wait node/m2 --for=delete --timeout=60s');
});

test('a further range of Services is Ready, and addresses may be asked from it', async () => {
  const range = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'extra' } };
  await ok('create -f -', JSON.stringify({ ...range, spec: { cidrs: ['10.77.0.0/24'] } }));
  await ok('wait servicecidr/extra --for=condition=Ready --timeout=60s');
  expect(await ok('get servicecidrs')).toMatch(/extra +10\.77\.0\.0\/24/);
  await until(async () => (await k('create service clusterip far --tcp=80 --clusterip=10.77.0.5')).code === 0);
  expect(await ok('get ipaddress 10.77.0.5')).toContain('services/default/far');
});

test('delete in the background, in the foreground, and leaving dependents alone', async () => {
  const gone = (what: string) => until(async () => (await ok(`get ${what} -o name`)) === '', 60_000, `${what} gone`);
  for (const [name, how] of [
    ['b', 'background'],
    ['f', 'foreground'],
  ]) {
    await ok(`create deployment ${name} --image=nginx --replicas=2`);
    await ok(`rollout status deployment/${name} --timeout=60s`);
    await ok(`delete deployment ${name} --cascade=${how} --timeout=60s`);
    // In the foreground nothing is left when the owner is gone.
    if (how === 'foreground') expect(await ok(`get pods,replicasets -l app=${name} -o name`)).toBe('');
    await gone(`pods,replicasets -l app=${name}`);
  }
  await ok('create deployment o --image=nginx --replicas=2');
  await ok('rollout status deployment/o --timeout=60s');
  await ok('delete deployment o --cascade=orphan');
  expect((await ok('get pods -l app=o -o name')).trim().split('\n')).toHaveLength(2);
  expect(await ok('get replicasets -l app=o -o jsonpath={.items[*].metadata.ownerReferences}')).toBe('');
});
