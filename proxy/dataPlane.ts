// What a proxy does with the rules it has computed: the contract of iptables.ts, and the plane that only counts them.
// Used by: proxier.ts, main.ts.
import { countRules, type RuleSet } from './ruleSet.ts';

export interface Applied {
  /** Rules that were handed to the kernel in this sync, and all that are in force after it. */
  written: number;
  total: number;
}

export interface DataPlane {
  mode: 'iptables' | 'none';
  /** Makes the rules true, all at once. `full`: look at what is really there, whatever was applied before. */
  apply(rules: RuleSet, full: boolean): Promise<Applied>;
}

/** --proxy-mode=none: nodes without a network of their own, such as simulated ones, apply nothing. */
export const nonePlane: DataPlane = {
  mode: 'none',
  apply: async (rules) => ({ written: 0, total: countRules(rules) }),
};
