// `npm run fuzz`: wrong and strange input against every filter and decoder of an API server, for as long as one likes.
// `--minutes 10 --seed 7 --only objects,bytes`. Findings are printed with what repeats them; exit code 1 when there are any.
// Reads: targets.ts, the list of what is fuzzed.
import { parseArgs } from 'node:util';
import { mayGrow, startFuzzServer } from './fuzzServer.ts';
import { createRandom } from './random.ts';
import { type Target, targets } from './targets.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    only: { type: 'string', default: '' },
    // Only the cases around this one: what a finding names.
    case: { type: 'string', default: '' },
  },
});
const seed = Number(values.seed);
const wanted = values.only.split(',').filter(Boolean);
const chosen = targets.filter((t) => wanted.length === 0 || wanted.includes(t.name));
if (chosen.length === 0) {
  process.stderr.write(`fuzz: --only knows ${targets.map((t) => t.name).join(', ')}.\n`);
  process.exit(1);
}

const parallel = 4;
const fuzzed = await startFuzzServer();
const random = createRandom(seed);
const counts = new Map<string, number>();
const findings = new Map<string, string>();
const heaps: number[] = [];
process.stdout.write(`fuzz: seed ${seed}, ${values.minutes} min, ${chosen.map((t) => t.name).join(' ')}\n`);

/** One finding of each sort is enough to read. */
function keep(target: string, n: number, text: string): void {
  const sort = `${target} ${text.split('→').pop()!.replace(/\d+/g, '#').slice(0, 120)}`;
  if (findings.has(sort)) return;
  findings.set(sort, text);
  process.stdout.write(`\nfinding: ${target}, case ${n} of seed ${seed}\n${text}\n`);
}

async function runCase(target: Target, n: number): Promise<void> {
  counts.set(target.name, (counts.get(target.name) ?? 0) + 1);
  try {
    const finding = await target.run(random.fork(n), fuzzed, n);
    if (finding) keep(target.name, n, finding);
  } catch (error) {
    keep(target.name, n, `the case itself failed → ${(error as Error).stack}`);
  }
  for (const complaint of fuzzed.complaints()) keep(target.name, n, `→ ${complaint}`);
}

const end = performance.now() + Number(values.minutes) * 60_000;
let stopped = false;
process.on('SIGINT', () => (stopped = true));
const only = values.case ? Number(values.case) - (Number(values.case) % parallel) : undefined;
for (let n = only ?? 0; performance.now() < end && !stopped; n += parallel) {
  if (only !== undefined && n > only) break;
  // Neighbours are cases of one target, so that what the monitor saw belongs to it.
  const target = chosen[((n / parallel / 16) % chosen.length) | 0]!;
  await Promise.all(Array.from({ length: parallel }, (_, i) => runCase(target, n + i)));
  if (n % 2000 === 0) heaps.push(await fuzzed.heap());
}
const alive = (await fuzzed.http('/readyz').catch(() => undefined))?.code === 200;
if (!alive) keep('all', 0, '→ the server does not answer /readyz any more');
heaps.push(alive ? await fuzzed.heap() : 0);
await fuzzed.stop();
// From when every target has had its turn.
const settled = heaps[Math.ceil(heaps.length / 4)] ?? 0;
const mb = (bytes: number | undefined) => Math.round((bytes ?? 0) / 2 ** 20);
if (heaps.at(-1)! > settled + mayGrow) keep('all', 0, `→ the heap grew: ${heaps.map(mb).join(' ')} MB`);
process.stdout.write(`\n${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')} cases; `);
process.stdout.write(`heap ${heaps.map(mb).join(' ')} MB; ${findings.size} findings\n`);
process.exit(findings.size ? 1 : 0);
