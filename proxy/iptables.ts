// The iptables data plane: brings wanted rules into the kernel with one atomic iptables-restore, touching no chain of others.
// Reads iptables-save when a full sync is due, to find what is stale or missing; writes the tables nat and filter.
// Mirrors: pkg/proxy/iptables/proxier.go and pkg/util/iptables. Used by: main.ts. The text is made in restoreText.ts.

import { CommandError, type Run } from '../component-base/command.ts';
import { isHashedChain } from './chainNames.ts';
import { type Applied, type DataPlane, sumUp } from './dataPlane.ts';
import type { Family } from './ports.ts';
import {
  fullChange,
  isEmpty,
  parseSave,
  partialChange,
  restoreText,
  type SavedTable,
  type TableChange,
} from './restoreText.ts';
import type { RuleSet, TableName } from './ruleSet.ts';

const tables: TableName[] = ['filter', 'nat'];
const programs: Record<Family, { save: string; restore: string }> = {
  IPv4: { save: 'iptables-save', restore: 'iptables-restore' },
  IPv6: { save: 'ip6tables-save', restore: 'ip6tables-restore' },
};
/** Waits for others that hold the lock; leaves what it does not name; sets the counters of new rules. */
const restoreArguments = ['-w', '5', '--noflush', '--counters'];

/** Rejects with a CommandError when the kernel refuses; then nothing of the table has changed, and the next sync is a full one. */
export function iptablesPlane(family: Family, run: Run): DataPlane {
  const { save, restore } = programs[family];
  let applied: RuleSet | undefined;

  async function changes(rules: RuleSet, full: boolean): Promise<[TableName, TableChange][]> {
    if (applied && !full) return tables.map((name) => [name, partialChange(rules, name, applied!)]);
    const saved = parseSave(await run(save, []));
    return tables.map((name) => [name, fullChange(rules, name, saved[name])]);
  }

  return {
    mode: 'iptables',
    async apply(rules: RuleSet, full: boolean): Promise<Applied> {
      const all = (await changes(rules, full)).filter(([, change]) => !isEmpty(change));
      applied = undefined;
      if (all.length) await run(restore, restoreArguments, all.map(([name, c]) => restoreText(name, c)).join(''));
      applied = rules;
      return sumUp(
        all.map(([, c]) => c),
        rules,
      );
    },
  };
}

/** Does this machine have iptables for the family, and does the kernel know the nat table? */
export async function hasIptables(family: Family, run: Run): Promise<boolean> {
  try {
    await run(programs[family].save, ['-t', 'nat']);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

const fixedChains = new Set([
  ...['KUBE-SERVICES', 'KUBE-EXTERNAL-SERVICES', 'KUBE-FORWARD', 'KUBE-NODEPORTS', 'KUBE-PROXY-FIREWALL'],
  ...['KUBE-POSTROUTING', 'KUBE-MARK-MASQ', 'KUBE-FIREWALL'],
]);

/** --cleanup: takes out every jump and chain that a proxy made, and nothing else. */
export async function cleanupIptables(family: Family, run: Run): Promise<void> {
  const saved = parseSave(await run(programs[family].save, []));
  const text = tables.map((name) => removalText(name, saved[name])).join('');
  if (text) await run(programs[family].restore, restoreArguments, text);
}

function removalText(name: TableName, saved: SavedTable | undefined): string {
  const own = [...(saved?.chains ?? [])].filter((chain) => fixedChains.has(chain) || isHashedChain(chain));
  if (!saved || !own.length) return '';
  const ours = new Set(own);
  const jumps = saved.rules.filter((rule) => {
    const from = rule.split(' ')[1]!;
    return !ours.has(from) && ours.has(/ -j (\S+)$/.exec(rule)?.[1] ?? '');
  });
  return [
    `*${name}`,
    ...own.map((chain) => `:${chain} - [0:0]`),
    ...jumps.map((rule) => rule.replace(/^-A/, '-D')),
    ...own.map((chain) => `-X ${chain}`),
    'COMMIT\n',
  ].join('\n');
}
