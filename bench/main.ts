// `npm run bench`: what the cluster costs, each figure beside a reference of the same run.
// Arguments choose rows by a part of their group's name: `npm run bench -- embedded scheduler`. Prints a Markdown table.
import { cpus, totalmem } from 'node:os';
import { apiRows } from './apiRows.ts';
import type { Row } from './table.ts';
import { table } from './table.ts';

const log = (text: string) => process.stderr.write(`${text}\n`);

/** In the order in which they run. */
const groups: { name: string; rows(): Promise<Row[]> }[] = [
  {
    name: 'embedded',
    rows: () =>
      apiRows('embedded', (folder) => ['--storage-backend=embedded', `--embedded-file=${folder}/state.db`], log),
  },
];

const wanted = process.argv.slice(2);
const rows: Row[] = [];
for (const group of groups) {
  if (wanted.length && !wanted.some((w) => group.name.includes(w))) continue;
  log(`bench: ${group.name}`);
  rows.push(...(await group.rows()));
}
process.stdout.write(
  `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}\n\n${table(rows)}\n`,
);
