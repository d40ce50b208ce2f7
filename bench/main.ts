// `npm run bench`: what the cluster costs, each figure beside a reference of the same run.
// Arguments choose groups: `npm run bench -- embedded scheduler`. Prints a Markdown table; what it does meanwhile goes to stderr.
import { cpus, loadavg, totalmem } from 'node:os';
import { etcdMissing } from '../test/apiserver/storage/etcdServer.ts';
import { apiRows } from './apiRows.ts';
import { deploymentRows } from './deploymentRows.ts';
import { etcdPutRows } from './etcdPuts.ts';
import { etcdRows } from './etcdRows.ts';
import { eventCostRows } from './eventCostRows.ts';
import { fleetRows } from './fleetRows.ts';
import { garbageRows } from './garbageRows.ts';
import { memoryRows } from './memoryRows.ts';
import { readyRows } from './readyRows.ts';
import { scaleRows } from './scaleRows.ts';
import { schedulerRow } from './schedulerRows.ts';
import { embedded } from './servers.ts';
import { startRows } from './startRows.ts';
import { customResources } from './subjects.ts';
import { type Row, table } from './table.ts';
import { watchRows } from './watchRows.ts';
import { workloads } from './workloads.ts';

const log = (text: string) => process.stderr.write(`${text}\n`);

const withoutWatches = ['create', 'get', 'list all 3,000', 'list a page of 500', 'update', 'delete'];

/** In the order in which they run. `missing`: why one cannot. */
const groups: { name: string; missing?: string; rows(): Promise<Row[]> }[] = [
  { name: 'start', rows: () => startRows(log) },
  {
    name: 'embedded',
    rows: () => apiRows('embedded', embedded, log),
  },
  {
    name: 'custom',
    rows: () => apiRows('custom resource, schema of 60 KB', embedded, log, { subject: customResources }),
  },
  { name: 'http2', rows: () => apiRows('embedded, HTTP/2', embedded, log, { http2: true, only: withoutWatches }) },
  {
    name: 'protobuf',
    rows: () =>
      apiRows('embedded, protobuf over HTTP/2', embedded, log, { http2: true, protobuf: true, only: withoutWatches }),
  },
  { name: 'ready', rows: () => readyRows(log) },
  { name: 'scale', rows: () => scaleRows(log) },
  { name: 'watches', rows: () => watchRows(log) },
  { name: 'etcd-puts', missing: etcdMissing, rows: () => etcdPutRows(log) },
  { name: 'etcd', missing: etcdMissing, rows: () => etcdRows(log) },
  { name: 'deployment', rows: () => deploymentRows(log) },
  ...workloads.map((w) => ({ name: `scheduler-${w.name}`, rows: () => schedulerRow(w, log) })),
  { name: 'fleet', rows: () => fleetRows(log) },
  { name: 'garbage', rows: () => garbageRows(log) },
  { name: 'events', rows: () => eventCostRows(log) },
  { name: 'memory', rows: () => memoryRows(log) },
];

const wanted = process.argv.slice(2);
/** A name stands for its group, or for all that begin with it: `scheduler`. */
const stands = (name: string, group: string) =>
  group === name || (!groups.some((g) => g.name === name) && group.startsWith(`${name}-`));
const unknown = wanted.filter((name) => !groups.some((g) => stands(name, g.name)));
if (unknown.length) {
  log(`bench: there is no group ${unknown.join(', ')}; there are ${groups.map((g) => g.name).join(', ')}.`);
  process.exit(1);
}
const loadBefore = loadavg()[0]!;
if (loadBefore > 0.5)
  log(`bench: the machine is busy (load ${loadBefore.toFixed(1)}); the figures will be lower than it can.`);
const rows: Row[] = [];
for (const group of groups) {
  if (wanted.length && !wanted.some((name) => stands(name, group.name))) continue;
  if (group.missing) {
    log(`bench: ${group.name} is left out: ${group.missing}`);
    continue;
  }
  log(`bench: ${group.name}`);
  rows.push(...(await group.rows()));
}
process.stdout.write(
  `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, load before ${loadBefore.toFixed(1)}\n\n${table(rows)}\n`,
);
