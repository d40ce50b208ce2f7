// The API rows: each operation on Pods, on our server and on the bare one in turn, five times each, the median of both.
// Reads: nothing. Next: table.ts prints what this gives.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issuePki } from '../cli/pki/issuePki.ts';
import type { EtcdRates } from './etcdPuts.ts';
import type { LoadJob } from './loadJob.ts';
import { median, pssOf, runLoad } from './processes.ts';
import { ask, startBare, startOurs } from './servers.ts';
import { pods, type Subject } from './subjects.ts';
import type { Row } from './table.ts';

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

export interface ApiRowsOptions {
  /** What a bare etcd does, measured when asked; with it, creates and updates are compared with that. */
  putRates?(): Promise<EtcdRates>;
  /** Absent: pods. */
  subject?: Subject;
  http2?: boolean;
  /** Instead of JSON. */
  protobuf?: boolean;
  /** Titles of operations; absent: all. */
  only?: readonly string[];
}

export async function apiRows(
  store: string,
  storeFlags: (folder: string) => string[],
  log: (text: string) => void,
  { putRates, subject = pods, http2 = false, protobuf = false, only }: ApiRowsOptions = {},
): Promise<Row[]> {
  const chosen = operations.filter((o) => !only || only.includes(o.title));
  const jobFor = (o: Operation, url: string, pki: string) => ({
    ...loadJob(o, url, pki, subject),
    http2,
    protobuf,
  });
  const folder = mkdtempSync(join(tmpdir(), 'mk8s-bench-'));
  const pki = join(folder, 'pki');
  await issuePki({ folder: pki, nodes: [] });
  const ours = await startOurs(pki, storeFlags(folder));
  const idle = pssOf(ours.server.pid);
  await subject.prepare?.((method, path, body) => ask(ours.url, pki, method, path, body));
  const bare = await startBare(
    folder,
    pki,
    await sampleObject(ours.url, pki, subject),
    subject.collection,
    http2,
    protobuf,
  );
  try {
    const measured = new Map<string, { ours: number[]; bare: number[] }>();
    let loaded = 0;
    for (let round = 0; round < rounds; round++) {
      const puts = await putRates?.();
      for (const o of chosen) {
        log(`${store}: round ${round + 1} of ${rounds}, ${o.title}`);
        const rates = measured.get(o.title) ?? { ours: [], bare: [] };
        measured.set(o.title, rates);
        rates.ours.push(o.rate(await runLoad(jobFor(o, ours.url, pki))));
        const bareRate = o.rate(await runLoad(jobFor(o, bare.url, pki)));
        rates.bare.push(o.put && puts ? puts[o.put] : bareRate);
        if (o.title === 'update' && round === 0) loaded = pssOf(ours.server.pid);
        if (o.watchers) {
          const remove: Operation = { title: 'delete', op: 'delete', requests: o.requests, unit: '', rate: perSecond };
          for (const { url } of [ours, bare]) await runLoad(jobFor(remove, url, pki));
        }
      }
    }
    const rows = chosen.map((o): Row => {
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
      { what: `${store}: memory idle / with 3,000 objects`, text: `${idle.toFixed(0)} / ${loaded.toFixed(0)} MB Pss` },
    ];
  } finally {
    await Promise.all([ours.server.stop(), bare.server.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

const loadJob = (o: Operation, url: string, pki: string, subject: Subject): LoadJob => ({
  url,
  ca: `${pki}/ca.crt`,
  cert: `${pki}/admin.crt`,
  key: `${pki}/admin.key`,
  op: o.op,
  requests: o.requests,
  connections: 16,
  objects,
  template: subject.template,
  watchers: o.watchers ?? 0,
  collection: subject.collection,
});

/** What our server returns for one such object: the bare one returns the same bytes. */
async function sampleObject(url: string, pki: string, { collection, template }: Subject): Promise<string> {
  const made = await ask(url, pki, 'POST', collection, template.replace('NAME', 'p0'));
  await ask(url, pki, 'DELETE', `${collection}/p0?gracePeriodSeconds=0`);
  return made.body;
}
