// exec, attach, port-forward, run and logs through API server, kubelet and runtime, with every kubectl that is here and over bare WebSockets.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import WebSocket from 'ws';
import { until } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';
import { kubectls } from '../kit/kubectls.ts';
import { startTestNode, type TestNode } from './testNode.ts';

let node: TestNode;
let http: Http & { close(): void };
const base = '/api/v1/namespaces/default/pods';

beforeAll(async () => {
  node = await startTestNode();
  http = httpTo(node.api);
  await node.run('web', {
    containers: [{ name: 'c', image: 'busybox:1', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: 'b c' }] }],
  });
  await node.run('two', {
    containers: [
      { name: 'a', image: 'busybox:1' },
      { name: 'b', image: 'busybox:1' },
    ],
  });
  await node.run('talks', {}, { 'log-every': '100ms', 'log-lines': '1000' });
  for (const name of ['web', 'two', 'talks']) await node.until(name, (p) => p.status?.phase === 'Running');
});
afterAll(async () => {
  http?.close();
  await node?.stop();
});

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}
const kubectl = (path: string, args: string[], input = ''): Promise<Ran> =>
  new Promise((resolve) => {
    const child = execFile(
      path,
      [`--kubeconfig=${node.api.kubeconfig}`, ...args],
      { timeout: 90_000 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
    child.stdin?.end(input);
  });

const versions = kubectls();
describe.skipIf(!versions.length).each(versions)('kubectl 1.$minor', ({ path, minor }) => {
  it('exec: outputs, exit code, standard input', async () => {
    const [failed, piped, wrong] = await Promise.all([
      kubectl(path, ['exec', 'web', '--', 'sh', '-c', 'echo "out $A"; echo err >&2; exit 3']),
      kubectl(path, ['exec', '-i', 'web', '--', 'cat'], 'some text\n'.repeat(20_000)),
      kubectl(path, ['exec', 'two', '-c', 'z', '--', 'true']),
    ]);
    expect(failed).toEqual({ code: 3, stdout: 'out b c\n', stderr: 'err\ncommand terminated with exit code 3\n' });
    expect([piped.code, piped.stdout.length]).toEqual([0, 200_000]);
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('container z is not valid for pod two') });
  });

  it('port-forward', async () => {
    const { child, port } = await forward(path);
    try {
      expect(await Promise.all([fetched(port), fetched(port)])).toEqual(['200 web\n', '200 web\n']);
    } finally {
      child.kill();
    }
  });

  // The versions between have the oldest's way or the newest's.
  if (minor !== versions[0]?.minor && minor !== versions.at(-1)?.minor) return;
  it('run -i --rm ends with the shell', async () => {
    const overrides = JSON.stringify({ spec: { nodeName: node.nodeName } });
    const args = [
      'run',
      `it-${minor}`,
      '-i',
      '--rm',
      '--image=busybox',
      '--restart=Never',
      `--overrides=${overrides}`,
      '--',
      'sh',
    ];
    const ran = await kubectl(path, args, 'echo hi from $HOSTNAME\nexit 4\n');
    expect([ran.code, ran.stdout]).toEqual([4, expect.stringContaining(`hi from it-${minor}\n`)]);
  });
});

async function forward(path: string): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(path, [`--kubeconfig=${node.api.kubeconfig}`, 'port-forward', 'pod/web', ':80'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  await until(() => /127\.0\.0\.1:\d+/.test(text));
  return { child, port: Number(/127\.0\.0\.1:(\d+)/.exec(text)![1]) };
}

const fetched = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    httpGet({ host: '127.0.0.1', port, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += part)).on('end', () => resolve(`${answer.statusCode} ${text}`));
    }).on('error', reject);
  });

function open(path: string, protocol: string) {
  const read = (name: string) => readFileSync(join(node.api.folder, 'pki', name));
  const tls = { ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') };
  const ws = new WebSocket(`${node.api.url.replace('https', 'wss')}${path}`, protocol ? [protocol] : [], tls);
  const channels = new Map<number, Buffer[]>();
  const base64 = protocol.includes('base64');
  ws.on('message', (data: Buffer) => {
    const channel = base64 ? data[0]! - 48 : data[0]!;
    const bytes = base64 ? Buffer.from(data.toString().slice(1), 'base64') : data.subarray(1);
    channels.set(channel, [...(channels.get(channel) ?? []), bytes]);
  });
  ws.on('error', () => {});
  const text = (channel: number) => Buffer.concat(channels.get(channel) ?? []).toString();
  const say = (channel: number, data: Buffer | string) => {
    const bytes = Buffer.from(data);
    ws.send(base64 ? `${channel}${bytes.toString('base64')}` : Buffer.concat([Buffer.from([channel]), bytes]));
  };
  const opened = new Promise<void>((resolve) => ws.on('open', resolve));
  const closed = new Promise<number>((resolve) => ws.on('close', resolve));
  const refused = new Promise<string>((resolve) => {
    ws.on('unexpected-response', (_request, answer) => {
      let body = '';
      answer.on('data', (part) => (body += part)).on('end', () => resolve(`${answer.statusCode} ${body}`));
    });
  });
  return { ws, channels, text, say, opened, closed, refused };
}

const success = '{"metadata":{},"status":"Success"}';
describe.each([
  ['v5.channel.k8s.io', success],
  ['v4.channel.k8s.io', success],
  ['v4.base64.channel.k8s.io', success],
  ['channel.k8s.io', ''],
  ['base64.channel.k8s.io', ''],
  ['', ''],
])('exec over a WebSocket as "%s"', (protocol, status) => {
  it('brings the output, the outcome as its version has it, and a clean end', async () => {
    const exec = open(
      `${base}/web/exec?command=echo&command=remote%20execution%20test&stdout=1&stderr=1&container=c`,
      protocol,
    );
    expect(await exec.closed).toBe(1000);
    expect(exec.ws.protocol).toBe(protocol);
    expect([exec.text(1), exec.text(2), exec.text(3)]).toEqual(['remote execution test\n', '', status]);
  });

  it('tells a failing command’s exit code', async () => {
    const exec = open(`${base}/web/exec?command=sh&command=-c&command=exit%203&stdout=1`, protocol);
    await exec.closed;
    const message = 'command terminated with non-zero exit code: exit status 3';
    if (!status) return expect(exec.text(3)).toBe(message);
    const details = { causes: [{ reason: 'ExitCode', message: '3' }] };
    expect(JSON.parse(exec.text(3))).toEqual({
      metadata: {},
      status: 'Failure',
      message,
      reason: 'NonZeroExitCode',
      details,
    });
  });
});

test('v5 closes one channel and leaves the others open', async () => {
  const exec = open(`${base}/web/exec?command=cat&stdin=1&stdout=1`, 'v5.channel.k8s.io');
  await exec.opened;
  exec.say(0, 'all of it');
  exec.ws.send(Buffer.from([255, 0]));
  expect(await exec.closed).toBe(1000);
  expect([exec.text(1), exec.text(3)]).toEqual(['all of it', success]);
});

test('a terminal: what is typed comes back, a shell answers, and its end is the end', async () => {
  const exec = open(`${base}/web/exec?command=sh&stdin=1&stdout=1&stderr=1&tty=1`, 'v5.channel.k8s.io');
  await exec.opened;
  exec.say(4, JSON.stringify({ Width: 80, Height: 24 }));
  await until(() => exec.text(1).includes('/ # '));
  exec.say(0, 'echo $A; nonesuch\r');
  await until(() => /not found\r\n\/ # $/.test(exec.text(1)));
  expect(exec.text(1)).toBe('/ # echo $A; nonesuch\r\nb c\r\nsh: 1: nonesuch: not found\r\n/ # ');
  exec.say(0, 'exit 7\r');
  await exec.closed;
  expect(JSON.parse(exec.text(3)).details.causes[0].message).toBe('7');
});

test('a command ends when its client goes, and an output that nobody reads waits', async () => {
  const exec = open(`${base}/web/exec?command=cat&stdin=1&stdout=1`, 'v5.channel.k8s.io');
  await exec.opened;
  exec.ws.pause();
  const piece = Buffer.alloc(256 * 1024, 'x');
  for (let i = 0; i < 200; i++) exec.say(0, piece);
  let before = -1;
  await until(async () => {
    const same = exec.ws.bufferedAmount === before;
    before = exec.ws.bufferedAmount;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return same;
  });
  // Of 50 MB a few are in the sockets and buffers between; the rest waits at the client.
  expect(exec.ws.bufferedAmount).toBeGreaterThan(20 << 20);
  exec.ws.terminate();
  expect(await exec.closed).toBe(1006);
});

test.each([
  ['two/exec?command=true&stdout=1', 400, 'a container name must be specified for pod two, choose one of: [a b]'],
  ['two/exec?command=true&stdout=1&container=z', 400, 'container z is not valid for pod two'],
  ['nope/exec?command=true&stdout=1', 404, 'pods "nope" not found'],
  ['web/portforward?ports=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
])('%s is refused before any upgrade', async (path, code, message) => {
  const refused = await open(`${base}/${path}`, 'v4.channel.k8s.io').refused;
  expect(refused).toMatch(new RegExp(`^${code} `));
  expect(JSON.parse(refused.slice(4)).message).toBe(message);
});

test('what the kubelet refuses: v4 as its answer, v5 on the error channel', async () => {
  const path = `${base}/web/exec?command=true`;
  expect(await open(path, 'v4.channel.k8s.io').refused).toBe(
    '400 you must specify at least 1 of stdin, stdout, stderr\n',
  );
  const exec = open(path, 'v5.channel.k8s.io');
  expect(await exec.closed).toBe(1000);
  expect(JSON.parse(exec.text(3)).message).toBe(
    'Internal error occurred: unable to upgrade connection: you must specify at least 1 of stdin, stdout, stderr',
  );
  const plain = await http(`${path}&stdout=1`, { method: 'POST' });
  expect([plain.code, plain.json.message]).toEqual([400, 'Upgrade request required']);
});

test('create is checked besides get', async () => {
  const rules = [{ apiGroups: [''], resources: ['pods/exec', 'pods/attach', 'pods/portforward'], verbs: ['get'] }];
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
  await http(`${rbac}/roles`, { body: { metadata: { name: 'r' }, rules } });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' };
  const subjects = [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }];
  await http(`${rbac}/rolebindings`, { body: { metadata: { name: 'r' }, roleRef, subjects } });
  const refused = (sub: string) => http(`${base}/web/${sub}`, { headers: { 'impersonate-user': 'jane' } });
  await until(async () => (await refused('exec')).json.message.includes('cannot create'));
  for (const sub of ['exec', 'attach', 'portforward'])
    expect((await refused(sub)).json.message).toBe(
      `pods "web" is forbidden: User "jane" cannot create resource "pods/${sub}" in API group "" in the namespace "default"`,
    );
});

test.each(['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'])(
  'port-forward over a WebSocket as %s',
  async (protocol) => {
    const to = open(`${base}/web/portforward?ports=80&ports=8080`, protocol);
    await until(() => [0, 1, 2, 3].every((c) => to.channels.has(c)));
    expect([0, 1, 2, 3].map((c) => to.channels.get(c)![0]!.readUInt16LE())).toEqual([80, 80, 8080, 8080]);
    to.say(0, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await until(() => to.text(0).includes('web\n'));
    expect(to.text(0)).toContain('HTTP/1.1 200 OK');
    to.ws.close();
    await to.closed;
  },
);

test('proxies reach simulated pods', async () => {
  expect((await http(`${base}/web/proxy/x`)).text).toBe('web\n');
  const { podIP } = (await node.pod('web'))!.status!;
  await http(`${base.replace('pods', 'services')}`, {
    body: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } },
  });
  const targetRef = { kind: 'Pod', namespace: 'default', name: 'web' };
  const subsets = [{ addresses: [{ ip: podIP, targetRef }], ports: [{ port: 80 }] }];
  await http(`${base.replace('pods', 'endpoints')}`, { body: { metadata: { name: 's' }, subsets } });
  for (const name of ['s', 'https:s:', 's:80'])
    expect((await http(`${base.replace('pods', 'services')}/${name}/proxy/`)).text).toBe('web\n');
});

test('attach shows what the container writes from now on', async () => {
  const attached = open(`${base}/talks/attach?stdout=1&stderr=1`, 'v5.channel.k8s.io');
  await until(() => (attached.text(1).match(/line \d+\n/g) ?? []).length > 2);
  attached.ws.close();
  await attached.closed;
});

test('logs over a WebSocket: pieces without a channel, and a clean end', async () => {
  const parts: string[] = [];
  const logs = open(`${base}/web/log`, 'binary.k8s.io');
  logs.ws.on('message', (data) => parts.push(String(data)));
  expect(await logs.closed).toBe(1000);
  expect(parts.join('')).toBe('simulated container c of image busybox:1 started\n');
});

describe('log options', () => {
  const lines = (text: string) => text.split('\n').filter(Boolean);
  it('tailLines, limitBytes, timestamps, since', async () => {
    await until(async () => lines((await http(`${base}/talks/log`)).text).length > 5);
    // It goes on talking all the while.
    const tail = async (query: string) => (await http(`${base}/talks/log?${query}`)).text;
    expect(lines(await tail('tailLines=2'))).toHaveLength(2);
    expect((await http(`${base}/talks/log?limitBytes=7`)).text).toHaveLength(7);
    expect(await tail('timestamps=true&tailLines=1')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z line \d+\n$/);
    expect((await http(`${base}/talks/log?sinceTime=2100-01-01T00:00:00Z`)).text).toBe('');
    expect(lines((await http(`${base}/talks/log?sinceSeconds=600`)).text).length).toBeGreaterThan(5);
  });
  it.skipIf(!versions.length)('follow brings lines as they are written, until the client goes', async () => {
    const child = spawn(versions.at(-1)!.path, [
      `--kubeconfig=${node.api.kubeconfig}`,
      'logs',
      '-f',
      '--tail=1',
      'talks',
    ]);
    let text = '';
    child.stdout.on('data', (data) => (text += data));
    await until(() => lines(text).length > 3);
    child.kill();
    expect(text).toMatch(/^(line \d+\n)+/);
  });
  it.each([
    ['two/log', 400, 'a container name must be specified for pod two, choose one of: [a b]'],
    ['web/log?previous=true', 400, 'previous terminated container "c" in pod "web" not found'],
    ['web/log?tailLines=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    [
      'web/log?tailLines=-1',
      422,
      'PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'web/log?limitBytes=0',
      422,
      'PodLogOptions "web" is invalid: limitBytes: Invalid value: 0: must be greater than 0',
    ],
    [
      'web/log?sinceSeconds=0',
      422,
      'PodLogOptions "web" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0',
    ],
    [
      'web/log?sinceSeconds=1&sinceTime=2020-01-01T00:00:00Z',
      422,
      'PodLogOptions "web" is invalid: : Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    ['web/log?stream=Stdout', 422, 'PodLogOptions "web" is invalid: stream: Forbidden: may not be specified'],
  ])('%s', async (path, code, message) => {
    const r = await http(`${base}/${path}`);
    expect([r.code, r.json.message]).toEqual([code, message]);
  });
});
