// What a scheduler is told to be: its profiles and numbers, with upstream's defaults.
// Mirrors: pkg/scheduler/apis/config/types.go and v1/defaults.go. Filled by configFile.ts; read by profiles.ts and main.ts.

import type { ExtenderConfig } from './extenderConfig.ts';

export interface PluginSet {
  enabled?: { name: string; weight?: number }[];
  /** `*`: all of the defaults. */
  disabled?: { name: string }[];
}

export interface ProfileConfig {
  schedulerName: string;
  /** By extension point, and `multiPoint` for all. */
  plugins: Readonly<Record<string, PluginSet | undefined>>;
  /** By plugin name. */
  pluginArgs: Readonly<Record<string, Record<string, any>>>;
  percentageOfNodesToScore: number;
}

export interface SchedulerConfig {
  profiles: readonly ProfileConfig[];
  /** Milliseconds. */
  initialBackoff: number;
  maxBackoff: number;
  /** How many pods are being bound at the same time. */
  bindsInFlight: number;
  /** Others who are asked over HTTP, in order. */
  extenders: readonly ExtenderConfig[];
}

export const defaultSchedulerName = 'default-scheduler';

export const defaultConfig: SchedulerConfig = {
  profiles: [{ schedulerName: defaultSchedulerName, plugins: {}, pluginArgs: {}, percentageOfNodesToScore: 0 }],
  initialBackoff: 1000,
  maxBackoff: 10_000,
  bindsInFlight: 32,
  extenders: [],
};
