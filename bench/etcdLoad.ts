// One load process against a bare etcd: compare-and-swap puts as a store makes them, creates first, then updates of the same keys.
// Started by etcdPuts.ts; prints {create, update} in puts a second.
import { connectEtcd } from '../apiserver/storage/etcdConnection.ts';
import type { EtcdJob } from './etcdPuts.ts';

const job = JSON.parse(process.argv[2]!) as EtcdJob;
const etcd = connectEtcd({ endpoints: [job.endpoint] });
const value = Buffer.alloc(job.bytes, 'x');
const revisions: number[] = [];

/** The key must be at the revision where we left it; 0: must not be there. */
async function put(i: number): Promise<void> {
  const key = `/bench/${job.prefix}/${i}`;
  const answer = await etcd.write((m) => m.swap({ key, expect: revisions[i] ?? 0, value }));
  if ('held' in answer) throw new Error(`the put of key ${i} was refused`);
  revisions[i] = answer.revision;
}

async function rate(): Promise<number> {
  let next = 0;
  const worker = async () => {
    while (next < job.puts) await put(next++);
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: job.connections }, worker));
  return job.puts / ((performance.now() - begun) / 1000);
}

process.stdout.write(JSON.stringify({ create: await rate(), update: await rate() }));
process.exit(0);
