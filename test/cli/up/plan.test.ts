import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { flags as localPathFlags } from '../../../addons/localPath/flags.ts';
import { flags as apiserverFlags } from '../../../apiserver/flags.ts';
import { dataDir } from '../../../cli/up/dataDir.ts';
import { upFlags, upOptions } from '../../../cli/up/flags.ts';
import { lastSentence, readyLine, welcome } from '../../../cli/up/lines.ts';
import { makePlan } from '../../../cli/up/plan.ts';
import { parseFlags } from '../../../component-base/flags.ts';
import { flags as controllerFlags } from '../../../controllers/flags.ts';
import { kubeletFlags } from '../../../kubelet/config.ts';
import { flags as proxyFlags } from '../../../proxy/flags.ts';
import { flags as runtimeFlags } from '../../../runtime/main.ts';

const dir = dataDir('/data');
const options = (...args: string[]) => {
  const { config, set } = parseFlags(upFlags, args);
  return upOptions(config, set);
};
const plan = (...args: string[]) => {
  let port = 10_000;
  return makePlan(options(...args), dir, () => port++);
};
const names = (...args: string[]) => plan(...args).plan.processes.map((p) => p.name);

describe('the flags of up', () => {
  it.each([
    [['--port', '0'], '--port must be between'],
    [['--bind-address', 'localhost'], 'is not an IP address'],
    [['--store', 'redis'], '--store redis is not known'],
    [['--store', 'etcd:'], 'is not known'],
    [['--runtime', 'docker'], '--runtime docker is not known'],
    [['--runtime', 'unix:///x.sock', '--nodes', '2'], 'is one node'],
    [['--only', 'apiserver,etcd'], '--only etcd is not known'],
    [['--schedulers', '0'], '--schedulers must be at least 1'],
    [['--nodes', '-1'], '--nodes must be at least 0'],
  ])('%j: %s', (args, text) => expect(() => options(...args)).toThrow(text));

  it('reads the store, the runtime and the address', () => {
    expect(options('--store', 'etcd:http://a:1,http://b:2').etcdServers).toEqual(['http://a:1', 'http://b:2']);
    expect(options('--runtime', 'unix:///run/c.sock').nodes).toHaveLength(1);
    expect(options('--bind-address', '0.0.0.0').server).toBe('https://127.0.0.1:6443');
    expect(options('--bind-address', 'fd00::1', '--port', '1').server).toBe('https://[fd00::1]:1');
  });
});

describe('the plan', () => {
  it('has one process of each, and three nodes in one', () => {
    expect(names()).toEqual(['apiserver', 'runtime', 'controllers', 'scheduler', 'kubelet', 'proxy', 'storage']);
    expect(plan().plan.processes.find((p) => p.name === 'kubelet')!.ready).toEqual({
      kind: 'nodes',
      names: ['node-1', 'node-2', 'node-3'],
    });
  });

  it.each([
    [['--only', 'apiserver'], ['apiserver']],
    [
      ['--only', 'proxy,scheduler'],
      ['scheduler', 'proxy'],
    ],
    [
      ['--schedulers', '2', '--controller-managers', '2', '--only', 'scheduler,controllers'],
      ['controllers-1', 'controllers-2', 'scheduler-1', 'scheduler-2'],
    ],
    [
      ['--nodes', '3', '--nodes-per-process', '2', '--only', 'kubelet'],
      ['runtime-1', 'runtime-2', 'kubelet-1', 'kubelet-2'],
    ],
    [['--runtime', 'unix:///c.sock', '--only', 'kubelet'], ['kubelet']],
    [
      ['--nodes', '0'],
      ['apiserver', 'controllers', 'scheduler'],
    ],
  ])('%j', (args, expected) => expect(names(...args)).toEqual(expected));

  it('uses flags that the programs have', () => {
    const tables = {
      'addons/localPath/main.ts': localPathFlags,
      'apiserver/main.ts': apiserverFlags,
      'controllers/main.ts': controllerFlags,
      'kubelet/main.ts': kubeletFlags,
      'proxy/main.ts': proxyFlags,
      'runtime/main.ts': runtimeFlags,
    };
    for (const args of [[], ['--runtime', 'unix:///c.sock'], ['--store', 'etcd:http://a:1']]) {
      const { plan: made, files } = plan(...args);
      for (const p of made.processes) {
        const table = tables[p.program as keyof typeof tables];
        if (table) expect(() => parseFlags(table, p.args)).not.toThrow();
      }
      for (const text of Object.values(files)) {
        for (const node of JSON.parse(text))
          for (const flag of Object.keys(node)) expect(kubeletFlags).toHaveProperty(flag);
      }
    }
  });

  it('spreads nodes over zones where they are asked for: then kubelets wait to be told', () => {
    const args = (name: string, ...more: string[]) => plan(...more).plan.processes.find((p) => p.name === name)!.args;
    expect(args('controllers')).toContain('--cloud-provider=mini-k8s');
    expect(args('kubelet')).not.toContain('--cloud-provider=external');
    expect(args('kubelet', '--zones', 'a,b')).toContain('--cloud-provider=external');
    expect(args('controllers', '--zones', 'a,b')).toContain('--cloud-zones=a,b');
  });

  it('elects a leader only where there are several', () => {
    const args = (...flags: string[]) => plan('--only', 'scheduler', ...flags).plan.processes[0]!.args;
    expect(args()).toContain('--leader-elect=false');
    expect(args('--schedulers', '2')).toContain('--leader-elect=true');
  });

  it('refuses a data directory too deep for sockets', () => {
    expect(() => makePlan(options(), dataDir(`/${'x'.repeat(100)}`), () => 1)).toThrow(
      /has \d+ bytes and may have 107/,
    );
  });

  it('gives every listener a port of its own', () => {
    const { processes } = plan('--schedulers', '2', '--nodes-per-process', '1').plan;
    const ports = processes.flatMap(
      (p) =>
        p.args
          .filter((arg) => !arg.startsWith('--component-health-ports='))
          .join(' ')
          .match(/\b1\d{4}\b/g) ?? [],
    );
    expect(new Set(ports).size).toBe(ports.length);
    const told = processes[0]!.args.find((arg) => arg.startsWith('--component-health-ports='));
    expect(told).toMatch(/^--component-health-ports=controller-manager=1\d{4},scheduler=1\d{4}$/);
  });
});

describe('what up says', () => {
  const row = plan('--only', 'apiserver').plan.processes[0]!;
  it('tells time and address', () =>
    expect(readyLine(row, 640)).toBe('  apiserver       ready after 0.6 s   https://127.0.0.1:6443'));

  it('tells where kubectl is to be had when it is not there', () => {
    expect(welcome(plan().plan, 1, '/nowhere').join('\n')).toContain('kubectl is not on this machine');
    const withKubectl = (process.env['PATH'] ?? '').split(':').find((d) => {
      try {
        return readdirSync(d).includes('kubectl');
      } catch {
        return false;
      }
    });
    if (withKubectl) expect(welcome(plan().plan, 1, withKubectl).join('\n')).not.toContain('is not on this machine');
    expect(welcome(plan().plan, 1, '/nowhere')).toContain('export KUBECONFIG=/data/kubeconfig');
  });

  it.each([
    ['kube-apiserver: port 1 is in use: stop it.\n', 'port 1 is in use: stop it.'],
    ['{"level":30}\nkubelet: no socket.\n', 'no socket.'],
    [
      'node:internal\n\nTypeError: x is not a function\n    at f (file:///a.ts:1:2)\n\nNode.js v26\n',
      'TypeError: x is not a function',
    ],
    ['', ''],
  ])('the last words of %j', (log, text) => expect(lastSentence(log)).toBe(text));
});
