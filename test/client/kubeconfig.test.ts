import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inClusterConfig, loadKubeconfig, parseKubeconfig } from '../../client/kubeconfig.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
});
afterAll(() => rm(folder, { recursive: true }));

const base = {
  'current-context': 'here',
  contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'ns' } }],
  clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443/' } as Record<string, unknown> }],
  users: [{ name: 'u', user: {} as Record<string, unknown> }],
};

describe('kubeconfig', () => {
  it('takes data and files, relative to its own folder', async () => {
    await writeFile(join(folder, 'ca.pem'), 'CA');
    const config = structuredClone(base);
    config.clusters[0]!.cluster['certificate-authority'] = 'ca.pem';
    config.users[0]!.user = {
      'client-certificate-data': Buffer.from('CERT').toString('base64'),
      'client-key-data': Buffer.from('KEY').toString('base64'),
    };
    await writeFile(join(folder, 'config'), JSON.stringify(config));
    expect(await loadKubeconfig(join(folder, 'config'))).toEqual({
      server: 'https://127.0.0.1:6443',
      ca: 'CA',
      cert: 'CERT',
      key: 'KEY',
      namespace: 'ns',
    });
  });

  it('reads YAML', async () => {
    const text = [
      'current-context: a',
      'contexts: [{name: a, context: {cluster: c, user: u}}]',
      'clusters: [{name: c, cluster: {server: "http://x:1"}}]',
      'users: [{name: u, user: {token: secret}}]',
    ].join('\n');
    expect(await parseKubeconfig(text)).toEqual({ server: 'http://x:1', token: 'secret' });
  });

  it.each([
    ['', /no current-context/],
    [JSON.stringify({ ...base, 'current-context': 'x' }), /no context "x"/],
    [JSON.stringify({ ...base, clusters: [] }), /no cluster "c"/],
    [JSON.stringify({ ...base, users: undefined }), /no user "u"/],
    [JSON.stringify({ ...base, users: [{ name: 'u', user: { exec: {} } }] }), /exec/],
    ['a: [', /neither YAML nor JSON/],
  ])('says what is wrong: %s', async (text, message) => {
    await expect(parseKubeconfig(text)).rejects.toThrow(message);
  });

  it('says which file is missing', async () => {
    await expect(loadKubeconfig(join(folder, 'none'))).rejects.toThrow(/cannot read the kubeconfig .*none \(ENOENT\)/);
  });

  it('finds its way in a pod', async () => {
    for (const [name, text] of Object.entries({ token: 'T', 'ca.crt': 'CA', namespace: 'ns\n' }))
      await writeFile(join(folder, name), text);
    const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
    expect(await inClusterConfig(env, folder)).toEqual({
      server: 'https://10.96.0.1:443',
      ca: 'CA',
      tokenFile: join(folder, 'token'),
      namespace: 'ns',
    });
    await expect(inClusterConfig({}, folder)).rejects.toThrow(/--kubeconfig/);
  });
});
