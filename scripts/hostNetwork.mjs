// What tests must leave as they found it: the machine's packet filter and its routes.
// Used by test.mjs, which looks before and after everything else. Reads: iptables-save, ip route; writes nothing.
import { spawnSync } from 'node:child_process';

const programs = [
  ['iptables-save'],
  ['ip6tables-save'],
  ['ip', '-4', 'route', 'show', 'table', 'all'],
  ['ip', '-6', 'route', 'show', 'table', 'all'],
];

/**
 * Rules and routes as sorted lines, without what changes by itself: comments with the date, counters, the order and life time
 * of routes, whether something is plugged in. Tables that hold nothing are left out: to look at one can already make it.
 */
export function hostNetwork() {
  const lines = programs.flatMap(([program, ...args]) => {
    const { stdout } = spawnSync(program, args, { encoding: 'utf8' });
    return (stdout ?? '').split('\n').map((line) => `${program}: ${plain(line)}`.trimEnd());
  });
  return lines.filter((line) => !/: ?(#|\*|COMMIT|$)/.test(line) && !/: :\S+ ACCEPT$/.test(line)).sort();
}

const plain = (line) =>
  line
    .replace(/\[\d+:\d+\]/, '')
    .replace(/ expires \S+| linkdown/g, '')
    .trim();

/** What differs, in one sentence; undefined: nothing. */
export function networkDifference(before, after) {
  const gone = before.filter((line) => !after.includes(line)).map((line) => `- ${line}`);
  const come = after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`);
  const all = [...gone, ...come];
  return all.length ? `${all.length} lines differ: ${all.slice(0, 10).join('; ')}` : undefined;
}
