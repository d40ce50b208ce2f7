// From the configuration to profiles: which plugins take part where, in what order and with what weight.
// Reads: the rows of plugins/registry.ts. Mirrors: mergePlugins in apis/config/v1/default_plugins.go, expandMultiPointPlugins in
// framework/runtime/framework.go. Next: profile.ts.
import { UsageError } from '../component-base/flags.ts';
import type { PluginSet, ProfileConfig } from './config.ts';
import type { Handle, Plugin } from './framework.ts';
import { plugins as known, type PluginRow } from './plugins/registry.ts';
import { type ExtensionPoint, extensionPoints, makeProfile, type Profile, takesPart } from './profile.ts';

interface Enabled {
  name: string;
  weight?: number;
}

const defaults: readonly Enabled[] = known.map(({ name, weight }) => ({ name, weight }));
const rowOf = (name: string): PluginRow | undefined => known.find((row) => row.name === name);

/** PreFilter goes with Filter and PreScore with Score: a plugin whose one is off has the other off too. */
const alsoNamed: Partial<Record<ExtensionPoint, string>> = { filter: 'preFilter', score: 'preScore' };

/** Throws UsageError when the configuration asks for what is not there. `handleFor` makes the handle of a scheduler name. */
export function createProfiles(
  configs: readonly ProfileConfig[],
  handleFor: (schedulerName: string) => Handle,
): Map<string, Profile> {
  const profiles = new Map<string, Profile>();
  for (const config of configs) {
    if (profiles.has(config.schedulerName))
      throw new UsageError(`profiles: duplicated schedulerName "${config.schedulerName}".`);
    profiles.set(config.schedulerName, createProfile(config, handleFor(config.schedulerName)));
  }
  return profiles;
}

function createProfile(config: ProfileConfig, handle: Handle): Profile {
  const made = new Map<string, Plugin>();
  const plugin = (name: string): Plugin => {
    const found = made.get(name) ?? rowOf(name)!.make(handle, config.pluginArgs[name] ?? {});
    made.set(name, found);
    return found;
  };
  refuseUnknown(config);
  const everywhere = merge(defaults, config.plugins.multiPoint);
  const at = (point: ExtensionPoint) => {
    const own = [config.plugins[point], config.plugins[alsoNamed[point] ?? '']].filter((s) => s !== undefined);
    const candidates = everywhere.filter(({ name }) => takesPart[point](plugin(name)));
    const list = own.reduce((enabled, set) => merge(enabled, set), candidates);
    for (const { name } of list)
      if (!takesPart[point](plugin(name)))
        throw new UsageError(`profile ${config.schedulerName}: plugin "${name}" does not extend ${point} plugin.`);
    return list.map(({ name, weight }) => ({ plugin: plugin(name), weight: weight || 1 }));
  };
  const points = Object.fromEntries(extensionPoints.map((p) => [p, at(p)])) as Record<
    ExtensionPoint,
    { plugin: Plugin; weight: number }[]
  >;
  if (points.queueSort.length !== 1)
    throw new UsageError(`profile ${config.schedulerName}: exactly one queue sort plugin must be enabled.`);
  if (!points.bind.length) throw new UsageError(`profile ${config.schedulerName}: at least one bind plugin is needed.`);
  const { schedulerName, percentageOfNodesToScore } = config;
  return makeProfile({ schedulerName, points, percentageOfNodesToScore });
}

/** Later ones go behind, but a plugin that is there already keeps its place and gets the new weight. */
function merge(base: readonly Enabled[], set: PluginSet | undefined): Enabled[] {
  const off = new Set(set?.disabled?.map((p) => p.name));
  const enabled = new Map(set?.enabled?.map((p) => [p.name, p]));
  const kept = off.has('*') ? [] : base.filter((p) => !off.has(p.name));
  const replaced = kept.map((p) => ({ ...p, ...enabled.get(p.name) }));
  const added = [...enabled.values()].filter((p) => !kept.some((k) => k.name === p.name));
  return [...replaced, ...added.map((p) => ({ weight: rowOf(p.name)?.weight, ...p }))];
}

function refuseUnknown({ schedulerName, plugins, pluginArgs }: ProfileConfig): void {
  const named = Object.values(plugins).flatMap((set) => set?.enabled?.map((p) => p.name) ?? []);
  for (const name of [...named, ...Object.keys(pluginArgs)])
    if (!rowOf(name))
      throw new UsageError(
        `profile ${schedulerName}: plugin "${name}" does not exist here; known are ${known.map((r) => r.name).join(', ')}.`,
      );
}
