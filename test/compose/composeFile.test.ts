// compose.yaml says only what both Compose v2 and docker-compose 1.29 accept, and names programs and flags that there are.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { flags as localPathFlags } from '../../addons/localPath/flags.ts';
import { flags as networkFlags } from '../../addons/network/flags.ts';
import { flags as apiserverFlags } from '../../apiserver/flags.ts';
import { issuePki } from '../../cli/pki/issuePki.ts';
import { readManifests } from '../../cli/up/applyManifests.ts';
import { type Flags, parseFlags } from '../../component-base/flags.ts';
import { joinToken, writeIdentityFolders } from '../../compose/identityFolders.ts';
import { nodePrograms } from '../../compose/nodePrograms.ts';
import { flags as controllerFlags } from '../../controllers/flags.ts';
import { kubeletFlags } from '../../kubelet/config.ts';
import { flags as proxyFlags } from '../../proxy/flags.ts';
import { flags as schedulerFlags } from '../../scheduler/flags.ts';

const root = join(import.meta.dirname, '..', '..');
const file = parse(readFileSync(join(root, 'compose.yaml'), 'utf8'), { merge: true });
const services = file.services as Record<string, any>;
const programFlags: Record<string, Flags> = {
  'apiserver/main.ts': apiserverFlags,
  'controllers/main.ts': controllerFlags,
  'scheduler/main.ts': schedulerFlags,
  'kubelet/main.ts': kubeletFlags,
  'proxy/main.ts': proxyFlags,
  'addons/localPath/main.ts': localPathFlags,
  'addons/network/main.ts': networkFlags,
};

it('uses no key that one of the two does not know', () => {
  const known = [
    'image',
    'build',
    'restart',
    'networks',
    'volumes',
    'command',
    'cap_add',
    'device_cgroup_rules',
    'security_opt',
    'tmpfs',
    'hostname',
    'ports',
    'scale',
  ];
  expect(Object.keys(file).filter((k) => !k.startsWith('x-'))).toEqual(['services', 'networks', 'volumes']);
  for (const service of Object.values(services)) expect(known).toEqual(expect.arrayContaining(Object.keys(service)));
});

it('only setup has the keys of the authorities; the API is published on loopback alone; etcd is out of the reach of nodes', () => {
  const withKeys = Object.entries(services).filter(([, s]) =>
    s.volumes?.some((v: string) => v.startsWith('authorities')),
  );
  expect(withKeys.map(([name]) => name)).toEqual(['setup']);
  const ports = Object.values(services).flatMap((s) => s.ports ?? []);
  expect(ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)]);
  const inStore = Object.entries(services).filter(([, s]) => s.networks.includes('store'));
  expect(inStore.map(([name]) => name).sort()).toEqual(['apiserver', 'etcd']);
});

const commands: [string, string[]][] = [
  ...Object.entries(services)
    .filter(([, s]) => s.command[0] === 'compose/withIdentity.sh')
    .map(([name, s]) => [name, s.command.slice(1)] as [string, string[]]),
  ...nodePrograms({ name: 'n', state: '/s', identity: '/i', socket: '/c', kubeletFlags: [] }).map(
    (c) => [c[0]!, c] as [string, string[]],
  ),
];
describe.each(commands)('%s', (_, [program = '', ...args]) => {
  it('is there and has these flags', () => {
    expect(existsSync(join(root, program))).toBe(true);
    expect(parseFlags(programFlags[program]!, args).rest).toEqual([]);
  });
});

it('each service finds the files that its flags name, and no key of an authority leaves its folder but the one the controllers sign with', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'compose-'));
  try {
    const [authorities, identities] = [join(folder, 'authorities'), join(folder, 'identities')];
    await issuePki({ folder: authorities, nodes: [] });
    writeIdentityFolders({ authorities, identities, server: 'https://apiserver:6443' });
    const secret = readFileSync(join(identities, 'join/token'), 'utf8');
    expect(secret.length).toBeGreaterThan(30);
    expect(joinToken(join(identities, 'join'))).toBe(secret);
    for (const name of Object.keys(services)) {
      const volume = services[name].volumes?.find((v: string) => v.endsWith(':/identity:ro'))?.split(':')[0];
      for (const path of JSON.stringify(services[name].command).match(/\/identity\/[\w.-]+/g) ?? []) {
        expect(existsSync(path.replace('/identity', join(identities, volume)))).toBe(true);
      }
    }
    const keys = ['ca.key', 'front-proxy-ca.key'].map((k) => readFileSync(join(authorities, k), 'utf8'));
    for (const f of readdirSync(identities, { recursive: true, encoding: 'utf8' }).filter((x) => x.includes('/')))
      if (f !== join('controllers', 'ca.key')) expect(keys).not.toContain(readFileSync(join(identities, f), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('the ServiceAccounts that nodes use for network and volumes are among the manifests', () => {
  const found = readManifests(join(root, 'manifests')).filter((o) => o.kind === 'ServiceAccount');
  const names = found.map((o) => `${o.metadata.namespace}/${o.metadata.name}`);
  for (const program of nodePrograms({ name: 'n', state: '/s', identity: '/i', socket: '/c', kubeletFlags: [] })) {
    const account = program.find((a) => a.startsWith('--service-account='))?.split('=')[1];
    if (account) expect(names).toContain(`kube-system/${account}`);
  }
  expect(names).toHaveLength(2);
});
