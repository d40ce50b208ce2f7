// One load process against a bare etcd: compare-and-swap puts as a store makes them, creates first, then updates of the same keys.
// Started by etcdPuts.ts; prints {create, update} in puts a second.
import { connectEtcd } from '../apiserver/storage/etcdConnection.ts';
import type { EtcdJob } from './etcdPuts.ts';

const job = JSON.parse(process.argv[2]!) as EtcdJob;
const etcd = connectEtcd({ endpoints: [job.endpoint] });
const value = Buffer.alloc(job.bytes, 'x');
const revisions: string[] = [];

/** The key must be at the revision where we left it; 0: must not be there. */
async function put(i: number): Promise<void> {
  const key = Buffer.from(`/bench/${job.prefix}/${i}`);
  const answer = await etcd.write((m, o) =>
    m.kv.txn(
      {
        compare: [{ key, result: 'Equal', target: 'Mod', mod_revision: revisions[i] ?? '0' }],
        success: [{ request_put: { key, value } }],
        failure: [{ request_range: { key } }],
      },
      o,
    ),
  );
  if (!answer.succeeded) throw new Error(`the put of key ${i} was refused`);
  revisions[i] = answer.header.revision;
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
