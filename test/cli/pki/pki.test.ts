import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:https';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { missingPki, nothingMissing } from '../../../cli/pki/checkPki.ts';
import { issuePki } from '../../../cli/pki/issuePki.ts';
import { writeKubeconfig } from '../../../cli/pki/kubeconfig.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mini-k8s-pki-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options = (more: object = {}) => ({ folder, nodes: [{ name: 'node-1' }], ...more });
const certificate = (file: string) => new X509Certificate(readFileSync(join(folder, `${file}.crt`)));
const text = (file: string) => readFileSync(join(folder, file), 'utf8');
const all = () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

describe('the first run', () => {
  it('makes every identity, with names and private keys', async () => {
    await issuePki(options({ names: ['k8s.example.com', 'fd00::7'] }));
    expect(nothingMissing(missingPki(options({ names: ['k8s.example.com', 'fd00::7'] })))).toBe(true);
    for (const file of all().filter((f) => f.endsWith('.key')))
      expect([file, statSync(join(folder, file)).mode & 0o777]).toEqual([file, 0o600]);
    const subjects = Object.fromEntries(
      all()
        .filter((f) => f.endsWith('.crt'))
        .map((f) => [f, certificate(f.slice(0, -4)).subject.split('\n').join(', ')]),
    );
    expect(subjects).toEqual({
      'admin.crt': 'O=system:masters, CN=kubernetes-admin',
      'apiserver-kubelet-client.crt': 'CN=kube-apiserver-kubelet-client',
      'apiserver.crt': 'CN=kube-apiserver',
      'ca.crt': 'CN=kubernetes-ca',
      'controller-manager.crt': 'CN=system:kube-controller-manager',
      'front-proxy-ca.crt': 'CN=front-proxy-ca',
      'front-proxy-client.crt': 'CN=front-proxy-client',
      'nodes/node-1/client.crt': 'O=system:nodes, CN=system:node:node-1',
      'nodes/node-1/serving.crt': 'O=system:nodes, CN=system:node:node-1',
      'proxy.crt': 'CN=system:kube-proxy',
      'scheduler.crt': 'CN=system:kube-scheduler',
    });
    const server = certificate('apiserver');
    for (const name of ['localhost', hostname(), 'kubernetes.default.svc.cluster.local', 'k8s.example.com']) {
      expect([name, server.checkHost(name)]).toEqual([name, name]);
    }
    for (const ip of ['127.0.0.1', '::1', '10.96.0.1', 'fd00::7']) expect([ip, server.checkIP(ip)]).toEqual([ip, ip]);
    expect(certificate('nodes/node-1/serving').checkHost('node-1')).toBe('node-1');
  });

  it('makes certificates that TLS accepts on both sides', async () => {
    await issuePki(options());
    const server = createServer(
      {
        key: text('apiserver.key'),
        cert: text('apiserver.crt'),
        ca: text('ca.crt'),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (req, res) => {
        const socket = req.socket as TLSSocket;
        res.end(JSON.stringify([socket.authorized, socket.getPeerCertificate().subject]));
      },
    );
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    const ask = (client: string) =>
      new Promise<string>((resolve, reject) => {
        const request = get(
          {
            port,
            host: '127.0.0.1',
            ca: text('ca.crt'),
            key: text(`${client}.key`),
            cert: text(`${client}.crt`),
            agent: false,
          },
          (response) => response.on('data', (d) => resolve(String(d))),
        );
        request.on('error', reject);
      });
    try {
      expect(JSON.parse(await ask('admin'))).toEqual([true, { O: 'system:masters', CN: 'kubernetes-admin' }]);
      // Signed by the other authority, or made for servers: not a client of this one.
      expect(JSON.parse(await ask('front-proxy-client'))[0]).toBe(false);
      expect(JSON.parse(await ask('nodes/node-1/serving'))[0]).toBe(false);
    } finally {
      server.close();
    }
  });
});

describe('a later run', () => {
  it('changes nothing when all is there', async () => {
    await issuePki(options());
    const before = all().map((f) => [f, statSync(join(folder, f)).mtimeMs]);
    expect(await issuePki(options())).toEqual([]);
    expect(all().map((f) => [f, statSync(join(folder, f)).mtimeMs])).toEqual(before);
  });

  it.each<[string, object, string[]]>([
    ['a new name', { names: ['new.example.com'] }, ['apiserver']],
    [
      'a new node',
      { nodes: [{ name: 'node-1' }, { name: 'node-2' }] },
      ['nodes/node-2/client', 'nodes/node-2/serving'],
    ],
    ['another service range', { serviceIP: '10.0.0.1' }, ['apiserver']],
  ])('issues for %s only what it needs', async (_, more, issued) => {
    await issuePki(options());
    expect(await issuePki(options(more))).toEqual(issued);
    expect(nothingMissing(missingPki(options(more)))).toBe(true);
  });

  it('renews what ends within a month, and keeps the authorities', async () => {
    await issuePki(options());
    const ca = text('ca.crt');
    const later = Date.now() + 340 * 24 * 3600 * 1000;
    expect(missingPki(options({ now: later })).identities.map((i) => i.file)).toContain('admin');
    await issuePki(options({ now: later }));
    expect(text('ca.crt')).toBe(ca);
    expect(nothingMissing(missingPki(options({ now: later })))).toBe(true);
  });

  it.each([
    ['admin.key', ['admin']],
    ['apiserver.crt', ['apiserver']],
    ['sa.pub', ['sa']],
  ])('makes good the loss of %s', async (file, issued) => {
    await issuePki(options());
    const sa = text('sa.pub');
    rmSync(join(folder, file));
    expect(await issuePki(options())).toEqual(issued);
    expect(text('sa.pub')).toBe(sa);
  });

  it('takes a torn or foreign file for none', async () => {
    await issuePki(options());
    writeFileSync(join(folder, 'admin.crt'), text('admin.crt').slice(0, 100));
    writeFileSync(join(folder, 'scheduler.key'), text('proxy.key'));
    expect(await issuePki(options())).toEqual(['admin', 'scheduler']);
  });

  it('does not replace an authority whose key is gone', async () => {
    await issuePki(options());
    rmSync(join(folder, 'ca.key'));
    await expect(issuePki(options())).rejects.toThrow('has no matching ca.key');
  });
});

it('is whole after SIGKILL at any moment', async () => {
  for (const delay of [60, 90, 120, 150]) {
    const program = join(import.meta.dirname, '../../../cli/pki/main.ts');
    const child = spawn(process.execPath, [program, `--folder=${folder}`, '--nodes=node-1'], { stdio: 'ignore' });
    const ended = new Promise((done) => child.on('exit', done));
    setTimeout(() => child.kill('SIGKILL'), delay);
    await ended;
  }
  await issuePki(options());
  expect(nothingMissing(missingPki(options()))).toBe(true);
});

it('writes a kubeconfig with everything inside', async () => {
  await issuePki(options());
  const file = join(folder, 'kubeconfig');
  writeKubeconfig(file, {
    folder,
    identity: 'admin',
    server: 'https://127.0.0.1:6443',
    cluster: 'mini-k8s',
    user: 'admin',
  });
  const config = parse(readFileSync(file, 'utf8'));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(config['current-context']).toBe('admin@mini-k8s');
  expect(config.clusters[0].cluster.server).toBe('https://127.0.0.1:6443');
  expect(Buffer.from(config.users[0].user['client-certificate-data'], 'base64').toString()).toBe(text('admin.crt'));
  expect(Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64').toString()).toBe(
    text('ca.crt'),
  );
});
