// What a proxy does with the rules it has computed: the contract of iptables.ts, and the plane that only counts them.
// Used by: proxier.ts, main.ts.
import { partialChange, type TableChange } from './restoreText.ts';
import { countRules, emptyRuleSet, type RuleSet } from './ruleSet.ts';

export interface Applied {
  /** Rules written and chains removed by this sync; with `none`, those that would have been. */
  written: number;
  removed: number;
  /** All rules in force after it. */
  total: number;
}

export interface DataPlane {
  mode: 'iptables' | 'none';
  /** Makes the rules true, all at once. `full`: look at what is really there, whatever was applied before. */
  apply(rules: RuleSet, full: boolean): Promise<Applied>;
}

/** What a sync amounts to. */
export function sumUp(changes: readonly TableChange[], rules: RuleSet): Applied {
  const sum = (of: (c: TableChange) => number) => changes.reduce((n, c) => n + of(c), 0);
  return {
    written: sum((c) => [...c.write.values()].reduce((n, list) => n + list.length, 0)),
    removed: sum((c) => c.remove.length),
    total: countRules(rules),
  };
}

/** --proxy-mode=none: for nodes without a network of their own, such as simulated ones. It only says what would change. */
export function nonePlane(): DataPlane {
  let before: RuleSet = emptyRuleSet();
  return {
    mode: 'none',
    async apply(rules) {
      const changes = rules === before ? [] : (['filter', 'nat'] as const).map((t) => partialChange(rules, t, before));
      before = rules;
      return sumUp(changes, rules);
    },
  };
}
