// What a bare etcd does: the most that any API server could write to it. Its load runs in a process of its own, etcdLoad.ts.
// Used by the groups etcd-puts and etcd.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startEtcd } from '../test/apiserver/storage/etcdServer.ts';
import { median } from './processes.ts';
import type { Row } from './table.ts';

export interface EtcdJob {
  endpoint: string;
  /** Of the keys, so that each job makes its own. */
  prefix: string;
  puts: number;
  connections: number;
  /** Of each value. */
  bytes: number;
}

export interface EtcdRates {
  create: number;
  update: number;
}

/** What our Pod of the API rows weighs as stored. */
export const storedPod = 3600;
const rounds = 5;

export async function etcdRates(job: EtcdJob): Promise<EtcdRates> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    new URL('etcdLoad.ts', import.meta.url).pathname,
    JSON.stringify(job),
  ]);
  return JSON.parse(stdout) as EtcdRates;
}

export async function etcdPutRows(log: (text: string) => void): Promise<Row[]> {
  const etcd = await startEtcd();
  try {
    const rates: EtcdRates[] = [];
    for (let round = 0; round < rounds; round++) {
      log(`etcd-puts: round ${round + 1} of ${rounds}`);
      const job = { endpoint: etcd.endpoint, prefix: `r${round}`, puts: 3000, connections: 16, bytes: storedPod };
      rates.push(await etcdRates(job));
    }
    const text = (name: keyof EtcdRates) =>
      `${Math.round(median(rates.map((r) => r[name]))).toLocaleString('en-US')}/s`;
    return [
      { what: 'bare etcd: compare-and-swap put of 3.6 KB, new keys', text: '', reference: text('create') },
      { what: 'bare etcd: compare-and-swap put of 3.6 KB, the same keys', text: '', reference: text('update') },
    ];
  } finally {
    await etcd.remove();
  }
}
