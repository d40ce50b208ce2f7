// A RuleSet as the text that iptables-restore reads, and what iptables-save prints as chains and rules.
// Pure. Used by: iptables.ts.
import { isHashedChain } from './chainNames.ts';
import type { Jump, Rule, RuleSet, Table, TableName } from './ruleSet.ts';

/** One table of iptables-save's answer: chains, and rules as printed (`-A CHAIN …`). */
export interface SavedTable {
  chains: Set<string>;
  rules: string[];
}
export type Saved = Record<string, SavedTable>;

export function parseSave(text: string): Saved {
  const saved: Saved = {};
  let table: SavedTable | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      table = { chains: new Set(), rules: [] };
      saved[line.slice(1).trim()] = table;
    } else if (line.startsWith(':')) table?.chains.add(line.slice(1).split(' ', 1)[0]!);
    else if (line.startsWith('-A ')) table?.rules.push(line.trimEnd());
  }
  return saved;
}

/** What has to change in one table. */
export interface TableChange {
  /** Chains to make or to fill anew. */
  write: Table;
  /** Chains of ours to remove. */
  remove: string[];
  jumps: Jump[];
}

/** From what is in the kernel, whoever put it there, to what is wanted: all own chains anew, stale ones gone, missing jumps in. */
export function fullChange(wanted: RuleSet, name: TableName, saved: SavedTable | undefined): TableChange {
  const write = wanted[name];
  const remove = [...(saved?.chains ?? [])].filter((chain) => isHashedChain(chain) && !write.has(chain));
  const jumps = wanted.jumps.filter(
    (j) => j.table === name && !saved?.rules.some((rule) => isJump(rule, j.from, j.to)),
  );
  return { write, remove, jumps };
}

/** From what was applied last to what is wanted: only the chains that differ. */
export function partialChange(wanted: RuleSet, name: TableName, applied: RuleSet): TableChange {
  const before = applied[name];
  const differs = ([chain, rules]: [string, Rule[]]) => !sameRules(rules, before.get(chain));
  return {
    write: new Map([...wanted[name]].filter(differs)),
    remove: [...before.keys()].filter((chain) => isHashedChain(chain) && !wanted[name].has(chain)),
    jumps: [],
  };
}

export const isJump = (rule: string, from: string, to: string): boolean =>
  rule.startsWith(`-A ${from} `) && rule.endsWith(` -j ${to}`);

function sameRules(a: readonly Rule[], b: readonly Rule[] | undefined): boolean {
  if (!b || a.length !== b.length) return false;
  return a.every((rule, i) => rule.length === b[i]!.length && rule.every((word, j) => word === b[i]![j]));
}

export const isEmpty = (c: TableChange): boolean => !c.write.size && !c.remove.length && !c.jumps.length;

/** One table's part of the input of `iptables-restore --noflush`: naming a chain empties it, others stay as they are. */
export function restoreText(name: TableName, change: TableChange): string {
  const lines = [`*${name}`];
  for (const chain of [...change.write.keys(), ...change.remove]) lines.push(`:${chain} - [0:0]`);
  for (const jump of change.jumps) lines.push(jumpText('-I', jump));
  for (const [chain, rules] of change.write) for (const rule of rules) lines.push(ruleText(chain, rule));
  for (const chain of change.remove) lines.push(`-X ${chain}`);
  lines.push('COMMIT', '');
  return lines.join('\n');
}

export const ruleText = (chain: string, rule: Rule): string => `-A ${chain} ${rule.map(quoted).join(' ')}`;

function jumpText(verb: '-I', j: Jump): string {
  const words = [...j.match, ...(j.comment ? ['-m', 'comment', '--comment', j.comment] : []), '-j', j.to];
  return `${verb} ${j.from} ${words.map(quoted).join(' ')}`;
}

const quoted = (word: string): string => (/[\s"'\\]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word);
