// What 50,000 pods do to one API server: single reads and writes beside 1,000 pods, and long lists beside other requests.
// Reads: nothing. Beside each figure stands what it is aimed at. Next: table.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issuePki } from '../cli/pki/issuePki.ts';
import type { LoadJob } from './loadJob.ts';
import { podTemplate } from './pod.ts';
import { median, pause, pssOf, runLoad } from './processes.ts';
import { ask, embedded, startOurs, tlsOf } from './servers.ts';
import type { Row } from './table.ts';

const many = 50_000;
const few = 1_000;
const rounds = 3;
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const metadata = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';

const lists: readonly { what: string; query?: string; headers?: Record<string, string> }[] = [
  { what: 'JSON' },
  { what: 'protobuf', headers: { accept: 'application/vnd.kubernetes.protobuf' } },
  { what: 'Table', headers: { accept: table } },
  { what: 'metadata only', headers: { accept: metadata } },
  { what: 'with a label selector', query: '?labelSelector=tier%3Dfront' },
  { what: 'with a field selector', query: '?fieldSelector=spec.nodeName%3Dnone' },
  { what: 'gzip', headers: { 'accept-encoding': 'gzip' } },
];

export async function scaleRows(log: (text: string) => void): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mk8s-bench-'));
  const pki = join(folder, 'pki');
  await issuePki({ folder: pki, nodes: [] });
  const ours = await startOurs(pki, embedded(folder));
  const collection = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;
  const job = (op: LoadJob['op'], requests: number, path: string, more: Partial<LoadJob> = {}): LoadJob => ({
    ...{ url: ours.url, ca: `${pki}/ca.crt`, cert: `${pki}/admin.crt`, key: `${pki}/admin.key` },
    ...{ op, requests, connections: 16, objects: few, template: podTemplate, watchers: 0, collection: path, ...more },
  });
  const fill = async (namespace: string, count: number) => {
    const account = '{"metadata":{"name":"default"}}';
    await ask(ours.url, pki, 'POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, account);
    await runLoad(job('create', count, collection(namespace)));
  };
  /** Single requests to pods of a namespace of their own. */
  const rates = async () => {
    const found: Record<string, number[]> = { get: [], create: [], update: [] };
    for (let round = 0; round < rounds; round++) {
      for (const op of ['create', 'update', 'get'] as const) {
        const { requests, seconds } = await runLoad(job(op, op === 'get' ? 10_000 : few, collection('kube-public')));
        found[op]!.push(requests / seconds);
      }
      await runLoad(job('delete', few, collection('kube-public')));
    }
    return found;
  };
  try {
    await fill('kube-public', few);
    await runLoad(job('delete', few, collection('kube-public')));
    await fill('default', few);
    log(`scale: ${few} pods`);
    const before = await rates();
    log(`scale: ${many} pods are made`);
    await fill('kube-system', many - few);
    const after = await rates();
    const rows = Object.keys(before).map(
      (op): Row => ({
        what: `50,000 pods: ${op} (aim 0.80)`,
        ours: median(after[op]!),
        unit: '/s',
        reference: 'with 1,000',
        theirs: median(before[op]!),
      }),
    );
    for (const { what, query = '', headers } of lists) {
      log(`scale: list as ${what}`);
      const held = pssOf(ours.server.pid);
      const seen = watchOver(ours.url, pki, ours.server.pid);
      const { seconds, bytes } = await runLoad(job('list', 1, `/api/v1/pods${query}`, { connections: 1, headers }));
      const { longest, peak } = await seen.stop();
      rows.push({
        what: `50,000 pods: list, ${what}`,
        text: `${seconds.toFixed(1)} s, ${Math.round(bytes / 2 ** 20)} MB; another request at most ${Math.round(longest)} ms; memory ${Math.round(held)} to ${Math.round(peak)} MB`,
        reference: 'aim 50 ms, not twice the memory',
      });
    }
    return rows;
  } finally {
    await ours.server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Asks for something small again and again: how long it took at most, and what the server held at most meanwhile. */
function watchOver(url: string, pki: string, pid: number) {
  const agent = new https.Agent({ keepAlive: true, ...tlsOf(pki) });
  const small = () =>
    new Promise<void>((resolve, reject) => {
      https
        .get(`${url}/api/v1/namespaces/default`, { agent }, (answer) => answer.resume().on('end', resolve))
        .on('error', reject);
    });
  let stopped = false;
  let longest = 0;
  let peak = 0;
  const running = (async () => {
    await small();
    while (!stopped) {
      const begun = performance.now();
      await small();
      longest = Math.max(longest, performance.now() - begun);
      peak = Math.max(peak, pssOf(pid));
      await pause(5);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await running;
      agent.destroy();
      return { longest, peak };
    },
  };
}
