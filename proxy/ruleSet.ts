// Wanted iptables rules as plain data: tables, chains in order, rules as words. What rules.ts makes and a data plane applies.
// Pure. Used by: rules.ts, serviceRules.ts; read by iptables.ts and by whoever shows rules to people.

export type TableName = 'filter' | 'nat';

/** The words after `-A CHAIN`; a word with spaces is quoted only when text is made of it. */
export type Rule = readonly string[];

/** By chain name; the order of insertion is the order of the chains, the order of rules is what packets meet. */
export type Table = Map<string, Rule[]>;

/** A jump from a chain of the system's into one of ours, put before what is there. */
export interface Jump {
  table: TableName;
  from: string;
  to: string;
  comment: string;
  match: readonly string[];
}

export interface RuleSet {
  filter: Table;
  nat: Table;
  jumps: readonly Jump[];
}

export const emptyRuleSet = (): RuleSet => ({ filter: new Map(), nat: new Map(), jumps: [] });

export const comment = (text: string): string[] => ['-m', 'comment', '--comment', text];
export const jumpTo = (chain: string): string[] => ['-j', chain];

/** Adds to a chain, which comes into being with its first rule. */
export function append(table: Table, chain: string, ...words: (string | readonly string[])[]): void {
  const rules = table.get(chain) ?? [];
  table.set(chain, rules);
  rules.push(words.flat());
}

/** The chain, empty if nothing is put in. */
export const declare = (table: Table, ...chains: string[]): void => {
  for (const chain of chains) if (!table.has(chain)) table.set(chain, []);
};

export const countRules = (set: RuleSet): number =>
  [set.filter, set.nat].reduce((sum, table) => sum + [...table.values()].reduce((n, rules) => n + rules.length, 0), 0);
