// `npm run conformance -- --kubeconfig F [--filter …] [--full]`: runs the rows against the cluster of a kubeconfig and sums them up.
// Reads rows.ts; writes to the terminal. Ends with 1 when a row failed. Next: harness/runner.ts.
import { parseArgs } from 'node:util';
import { UsageError } from '../../component-base/flags.ts';
import { cleanUp, type Result, runRows, summary } from './harness/runner.ts';
import type { Row } from './row.ts';
import { rows } from './rows.ts';

const usage = `Usage: npm run conformance -- --kubeconfig FILE [flags]

  --kubeconfig FILE   the cluster; default $KUBECONFIG
  --filter TEXT       only rows whose id holds TEXT or one of several, separated by commas
  --class A           only rows of this class; default A
  --full              keep the rows' own times; else intervals are a twentieth
  --parallel N        rows at a time; default 8
  --content-type T    of typed clients: protobuf (default) or json
  --address IP        at which the API server reaches servers on this machine; default 127.0.0.1
  --list              name the rows and end`;

const options = {
  kubeconfig: { type: 'string' },
  filter: { type: 'string' },
  class: { type: 'string', default: 'A' },
  full: { type: 'boolean', default: false },
  parallel: { type: 'string', default: '8' },
  'content-type': { type: 'string', default: 'protobuf' },
  address: { type: 'string' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function chosen(filter: string | undefined, rowClass: string): Row[] {
  const texts = filter?.split(',') ?? [''];
  const found = rows.filter((r) => r.class === rowClass && texts.some((text) => r.id.includes(text)));
  if (!found.length) throw new UsageError(`no row of class ${rowClass} has ${filter} in its id; --list names them.`);
  return found;
}

/** Gives the exit code of a run that had only to say something. */
const say = (text: string): number => {
  process.stdout.write(`${text}\n`);
  return 0;
};
const tell = ({ row, outcome, why, ms }: Result) =>
  say(`${outcome.padEnd(8)}${(ms / 1000).toFixed(1).padStart(6)} s  ${row.id}${why ? `: ${why.split('\n')[0]}` : ''}`);

async function main(): Promise<number> {
  const { values } = parseArgs({ options });
  if (values.help) return say(usage);
  const found = chosen(values.filter, values.class);
  if (values.list) return say(found.map((r) => r.id).join('\n'));
  const kubeconfig = values.kubeconfig ?? process.env['KUBECONFIG'];
  if (!kubeconfig) throw new UsageError('name the cluster: --kubeconfig FILE.');
  if (!['protobuf', 'json'].includes(values['content-type']))
    throw new UsageError('--content-type is protobuf or json.');
  const results = await runRows(found, {
    kubeconfig,
    full: values.full,
    protobuf: values['content-type'] === 'protobuf',
    parallel: Math.max(1, Number(values.parallel) || 8),
    ...(values.address ? { address: values.address } : {}),
    ended: tell,
  });
  say(`\n${summary(results)}`);
  return results.some((r) => r.outcome === 'failed') ? 1 : 0;
}

process.once('SIGINT', () => {
  say('Removing what the rows under way have made…');
  void cleanUp().finally(() => process.exit(130));
});
try {
  // Rows that ran out of time may still hold something open.
  process.exit(await main());
} catch (error) {
  const known = error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${known ? (error as Error).message : (error as Error).stack}\n`);
  process.exit(2);
}
