// What the flags mean, checked: how many nodes, their names, what each has, and which address is whose.
// Reads: flags. Used by: main.ts, node.ts, nodes.ts, leases.ts, pods.ts. Pure.
import { parseQuantity } from '../apimachinery/quantity.ts';
import type { Taint } from '../apimachinery/types.ts';
import { UsageError } from '../component-base/flags.ts';
import { addressAt, createAddresses, parseRange } from './addresses.ts';
import type { FleetFlags } from './flags.ts';

export interface Settings {
  names: readonly string[];
  /** Where a node stands in `names`; undefined: it is not of this fleet. */
  indexOf(name: string): number | undefined;
  addressOf(name: string): string;
  podAddresses: ReturnType<typeof createAddresses>;
  labels: Record<string, string>;
  taints: readonly Taint[];
  capacity: Record<string, string>;
  zones: number;
  leaseSeconds: number;
  /** Milliseconds. */
  statusEvery: number;
}

const defaultCapacity = { cpu: '32', memory: '256Gi', 'ephemeral-storage': '1Ti', pods: '110' };

/** Throws UsageError. */
export function settingsOf(flags: FleetFlags): Settings {
  const count = flags.nodes;
  if (count < 1 || count > 100_000) throw new UsageError(`--nodes must be from 1 to 100000, not ${count}.`);
  const prefix = flags['node-name-prefix'];
  if (!/^[a-z0-9]([-.a-z0-9]{0,200}[a-z0-9])?$/.test(prefix))
    throw new UsageError(`--node-name-prefix "${prefix}" does not make a name: lower-case letters, digits, - and .`);
  if (flags['node-lease-duration-seconds'] < 4)
    throw new UsageError('--node-lease-duration-seconds must be 4 or more: Leases are renewed at a quarter of it.');
  for (const [name, amount] of Object.entries(flags['node-capacity']))
    if (!isQuantity(amount))
      throw new UsageError(`--node-capacity ${name}=${amount} is no quantity; write such as cpu=32,memory=256Gi.`);
  const range = parseRange('node-cidr', flags['node-cidr']);
  if (range.size < count)
    throw new UsageError(`--node-cidr ${flags['node-cidr']} has no room for ${count} nodes; name a larger range.`);
  const names = Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
  const index = new Map(names.map((name, i) => [name, i]));
  return {
    names,
    indexOf: (name) => index.get(name),
    addressOf: (name) => addressAt(range, index.get(name) ?? 0),
    podAddresses: createAddresses(parseRange('cidr', flags.cidr)),
    labels: flags['node-labels'],
    taints: flags['register-with-taints'].map(parseTaint),
    capacity: { ...defaultCapacity, ...flags['node-capacity'] },
    zones: flags.zones,
    leaseSeconds: flags['node-lease-duration-seconds'],
    statusEvery: flags['node-status-report-frequency'],
  };
}

function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
}

function parseTaint(text: string): Taint {
  const m = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text);
  if (!m) throw new UsageError(`invalid taint "${text}" in --register-with-taints; write key=value:NoSchedule.`);
  return { key: m[1]!, ...(m[2] ? { value: m[2] } : {}), effect: m[3]! };
}
