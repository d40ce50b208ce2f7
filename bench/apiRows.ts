// The API rows: each operation on Pods, on our server and on the bare one in turn, five times each, the median of both.
// Reads: nothing. Next: table.ts prints what this gives.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issuePki } from '../cli/pki/issuePki.ts';
import type { EtcdRates } from './etcdPuts.ts';
import type { LoadJob } from './loadJob.ts';
import { podTemplate } from './pod.ts';
import { freePort, median, pause, pssOf, runLoad, type Started, start } from './processes.ts';
import type { Row } from './table.ts';

const collection = '/api/v1/namespaces/default/pods';
const objects = 3000;
const rounds = 5;

/** What one row asks for; `events` measures deliveries instead of requests. */
interface Operation {
  title: string;
  op: LoadJob['op'];
  requests: number;
  watchers?: number;
  /** Where writes are compared with puts to a bare etcd: with which. */
  put?: keyof EtcdRates;
  unit: string;
  rate(r: { seconds: number; requests: number; events: number }): number;
}

const perSecond = (r: { seconds: number; requests: number }) => r.requests / r.seconds;
const operations: Operation[] = [
  { title: 'create', op: 'create', requests: objects, put: 'create', unit: '/s', rate: perSecond },
  { title: 'get', op: 'get', requests: 20_000, unit: '/s', rate: perSecond },
  { title: 'list all 3,000', op: 'list', requests: 40, unit: '/s', rate: perSecond },
  { title: 'list a page of 500', op: 'page', requests: 200, unit: '/s', rate: perSecond },
  { title: 'update', op: 'update', requests: 3000, put: 'update', unit: '/s', rate: perSecond },
  { title: 'update refused with 409', op: 'conflict', requests: 5000, unit: '/s', rate: perSecond },
  { title: 'delete', op: 'delete', requests: objects, unit: '/s', rate: perSecond },
  {
    title: 'events delivered to 20 watchers',
    op: 'create',
    requests: 1000,
    watchers: 20,
    unit: '/s',
    rate: (r) => r.events / r.seconds,
  },
];

/** `putRates`: what a bare etcd does, measured when asked; with it, creates and updates are compared with that. */
export async function apiRows(
  store: string,
  storeFlags: (folder: string) => string[],
  log: (text: string) => void,
  putRates?: () => Promise<EtcdRates>,
): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mk8s-bench-'));
  const pki = join(folder, 'pki');
  await issuePki({ folder: pki, nodes: [] });
  const ours = await startOurs(pki, storeFlags(folder));
  const idle = pssOf(ours.server.pid);
  const bare = await startBare(folder, pki, await sampleObject(ours.url, pki));
  try {
    const measured = new Map<string, { ours: number[]; bare: number[] }>();
    let loaded = 0;
    for (let round = 0; round < rounds; round++) {
      const puts = await putRates?.();
      for (const o of operations) {
        log(`${store}: round ${round + 1} of ${rounds}, ${o.title}`);
        const rates = measured.get(o.title) ?? { ours: [], bare: [] };
        measured.set(o.title, rates);
        rates.ours.push(o.rate(await runLoad(jobFor(o, ours.url, pki))));
        const bareRate = o.rate(await runLoad(jobFor(o, bare.url, pki)));
        rates.bare.push(o.put && puts ? puts[o.put] : bareRate);
        if (o.title === 'update' && round === 0) loaded = pssOf(ours.server.pid);
        if (o.watchers) await clear(ours.url, bare.url, pki, o.requests);
      }
    }
    const rows = operations.map((o): Row => {
      const m = measured.get(o.title)!;
      return {
        what: `${store}: ${o.title}`,
        ours: median(m.ours),
        unit: o.unit,
        reference: o.put && putRates ? 'bare etcd, put' : 'bare server',
        theirs: median(m.bare),
      };
    });
    return [
      ...rows,
      { what: `${store}: memory idle / with 3,000 pods`, text: `${idle.toFixed(0)} / ${loaded.toFixed(0)} MB Pss` },
    ];
  } finally {
    await Promise.all([ours.server.stop(), bare.server.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

const jobFor = (o: Operation, url: string, pki: string): LoadJob => ({
  url,
  ca: `${pki}/ca.crt`,
  cert: `${pki}/admin.crt`,
  key: `${pki}/admin.key`,
  op: o.op,
  requests: o.requests,
  connections: 16,
  objects,
  template: podTemplate,
  watchers: o.watchers ?? 0,
  collection,
});

async function clear(ours: string, bare: string, pki: string, requests: number): Promise<void> {
  const remove: Operation = { title: 'delete', op: 'delete', requests, unit: '', rate: perSecond };
  await runLoad(jobFor(remove, ours, pki));
  await runLoad(jobFor(remove, bare, pki));
}

async function startOurs(pki: string, store: string[]): Promise<{ url: string; server: Started }> {
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const main = new URL('../apiserver/main.ts', import.meta.url).pathname;
  const args = [
    main,
    ...store,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--client-ca-file=${pki}/ca.crt`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.96.0.0/12',
  ];
  const server = await start(process.execPath, args, async () => {
    while ((await ask(url, pki, 'GET', '/readyz').catch(() => undefined))?.code !== 200) await pause(50);
  });
  await ask(url, pki, 'POST', '/api/v1/namespaces/default/serviceaccounts', '{"metadata":{"name":"default"}}');
  return { url, server };
}

async function startBare(folder: string, pki: string, sample: string): Promise<{ url: string; server: Started }> {
  const port = await freePort();
  const file = join(folder, 'objects');
  writeFileSync(file, sample);
  const args = [
    new URL('reference.ts', import.meta.url).pathname,
    String(port),
    `${pki}/ca.crt`,
    `${pki}/apiserver.crt`,
    `${pki}/apiserver.key`,
    file,
    collection,
  ];
  const server = await start(
    process.execPath,
    args,
    (child) => new Promise((resolve) => child.stdout!.once('data', () => resolve())),
  );
  return { url: `https://127.0.0.1:${port}`, server };
}

/** What our server returns for one such pod: the bare one returns the same bytes. */
async function sampleObject(url: string, pki: string): Promise<string> {
  const made = await ask(url, pki, 'POST', collection, podTemplate.replace('NAME', 'p0'));
  await ask(url, pki, 'DELETE', `${collection}/p0?gracePeriodSeconds=0`);
  return made.body;
}

function ask(
  url: string,
  pki: string,
  method: string,
  path: string,
  body?: string,
): Promise<{ code: number; body: string }> {
  return new Promise((resolve, reject) => {
    const read = (name: string) => readFileSync(`${pki}/${name}`);
    const options = {
      method,
      ca: read('ca.crt'),
      cert: read('admin.crt'),
      key: read('admin.key'),
      agent: false as const,
      headers: body ? { 'content-type': 'application/json' } : {},
    };
    const request = https.request(url + path, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ code: answer.statusCode ?? 0, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
