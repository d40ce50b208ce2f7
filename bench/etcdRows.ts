// The API rows on etcd: two etcds with data of their own, one under our API server, one bare. What is written is compared with
// compare-and-swap puts to the bare one, what is read with the bare server.
import { startEtcd } from '../test/apiserver/storage/etcdServer.ts';
import { apiRows } from './apiRows.ts';
import { etcdRates, storedPod } from './etcdPuts.ts';
import type { Row } from './table.ts';

export async function etcdRows(log: (text: string) => void): Promise<Row[]> {
  const under = await startEtcd();
  const bare = await startEtcd();
  let jobs = 0;
  const putRates = () =>
    etcdRates({ endpoint: bare.endpoint, prefix: `j${jobs++}`, puts: 3000, connections: 16, bytes: storedPod });
  try {
    return await apiRows('etcd', () => [`--etcd-servers=${under.endpoint}`], log, { putRates });
  } finally {
    await Promise.all([under.remove(), bare.remove()]);
  }
}
