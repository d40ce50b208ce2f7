// Reads a KubeSchedulerConfiguration: what is not known is refused by name rather than passed over.
// Reads: a YAML or JSON file. Mirrors: cmd/kube-scheduler/app/options/configfile.go, apis/config/v1/defaults.go and validation.
// Used by: main.ts. Next: profiles.ts, which checks the plugins' names.
import { readFile } from 'node:fs/promises';
import { parseDuration, UsageError } from '../component-base/flags.ts';
import { defaultConfig, defaultSchedulerName, type ProfileConfig, type SchedulerConfig } from './config.ts';
import { readExtenders } from './extenderConfig.ts';
import { errorsOfArgs } from './pluginArgs.ts';
import { extensionPoints } from './profile.ts';

/** What a file says; what it leaves out is undefined. Durations in milliseconds. */
export interface ConfigFile {
  scheduler: SchedulerConfig;
  kubeconfig?: string;
  delayCacheUntilActive: boolean;
  leaderElection: {
    leaderElect?: boolean;
    leaseDuration?: number;
    renewDeadline?: number;
    retryPeriod?: number;
    resourceName?: string;
    resourceNamespace?: string;
  };
}

export const noFile: ConfigFile = { scheduler: defaultConfig, delayCacheUntilActive: false, leaderElection: {} };

const apiVersion = 'kubescheduler.config.k8s.io/v1';
const kind = 'KubeSchedulerConfiguration';

const topFields = [
  'apiVersion',
  'kind',
  'parallelism',
  'leaderElection',
  'clientConnection',
  'enableProfiling',
  'enableContentionProfiling',
  'percentageOfNodesToScore',
  'podInitialBackoffSeconds',
  'podMaxBackoffSeconds',
  'profiles',
  'extenders',
  'delayCacheUntilActive',
];
const profileFields = ['schedulerName', 'percentageOfNodesToScore', 'plugins', 'pluginConfig'];
const clientFields = ['kubeconfig', 'acceptContentTypes', 'contentType', 'qps', 'burst'];
const electionFields = [
  'leaderElect',
  'leaseDuration',
  'renewDeadline',
  'retryPeriod',
  'resourceLock',
  'resourceName',
  'resourceNamespace',
];
const pointNames = ['multiPoint', 'preFilter', 'preScore', ...extensionPoints];

/** Throws UsageError. */
export async function loadConfigFile(path: string): Promise<ConfigFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path} (${(error as NodeJS.ErrnoException).code}); pass another --config.`);
  }
  const { parse } = await import('yaml');
  let document: unknown;
  try {
    document = parse(text, { version: '1.1' });
  } catch (error) {
    throw new UsageError(`${path} is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]}`);
  }
  return readConfig(document, path);
}

export function readConfig(document: unknown, path: string): ConfigFile {
  const bad = (why: string) => new UsageError(`${path}: ${why}`);
  const file = object(document, 'the file', bad);
  if (file.apiVersion !== apiVersion || file.kind !== kind)
    throw bad(`apiVersion must be ${apiVersion} and kind ${kind}, not ${file.apiVersion} and ${file.kind}.`);
  refuseUnknown(file, topFields, '', bad);
  const connection = object(file.clientConnection, 'clientConnection', bad);
  refuseUnknown(connection, clientFields, 'clientConnection.', bad);
  const initialBackoff = number(file.podInitialBackoffSeconds, 1, 'podInitialBackoffSeconds', bad) * 1000;
  const maxBackoff = number(file.podMaxBackoffSeconds, 10, 'podMaxBackoffSeconds', bad) * 1000;
  const parallelism = number(file.parallelism, 16, 'parallelism', bad);
  if (!Number.isInteger(parallelism) || parallelism <= 0)
    throw bad('parallelism should be an integer value greater than zero.');
  if (initialBackoff <= 0) throw bad('podInitialBackoffSeconds must be greater than 0.');
  if (maxBackoff < initialBackoff)
    throw bad('podMaxBackoffSeconds must be greater than or equal to podInitialBackoffSeconds.');
  return {
    scheduler: {
      ...defaultConfig,
      initialBackoff,
      maxBackoff,
      profiles: profilesOf(file, bad),
      extenders: readExtenders(list(file.extenders, 'extenders', bad), bad),
    },
    kubeconfig: connection.kubeconfig || undefined,
    delayCacheUntilActive: file.delayCacheUntilActive === true,
    leaderElection: electionOf(file.leaderElection, bad),
  };
}

type Bad = (why: string) => UsageError;
type Fields = Record<string, any>;

function object(value: unknown, what: string, bad: Bad): Fields {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw bad(`${what} must be an object.`);
  return value as Fields;
}

function list(value: unknown, what: string, bad: Bad): Fields[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw bad(`${what} must be a list.`);
  return value.map((item, i) => object(item, `${what}[${i}]`, bad));
}

function number(value: unknown, otherwise: number, what: string, bad: Bad): number {
  if (value === undefined || value === null) return otherwise;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw bad(`${what} must be a number.`);
  return value;
}

function refuseUnknown(fields: Fields, known: readonly string[], prefix: string, bad: Bad): void {
  for (const name in fields) if (!known.includes(name)) throw bad(`unknown field "${prefix}${name}".`);
}

function percentage(fields: Fields, otherwise: number, bad: Bad): number {
  const value = number(fields.percentageOfNodesToScore, otherwise, 'percentageOfNodesToScore', bad);
  if (value < 0 || value > 100) throw bad('percentageOfNodesToScore must be in the range 0 to 100.');
  return value;
}

function profilesOf(file: Fields, bad: Bad): ProfileConfig[] {
  const global = percentage(file, 0, bad);
  const profiles = list(file.profiles, 'profiles', bad);
  if (!profiles.length) return [{ ...defaultConfig.profiles[0]!, percentageOfNodesToScore: global }];
  return profiles.map((profile, i) => {
    refuseUnknown(profile, profileFields, `profiles[${i}].`, bad);
    const schedulerName = profile.schedulerName || (profiles.length === 1 ? defaultSchedulerName : '');
    if (!schedulerName) throw bad(`profiles[${i}].schedulerName is required when there are several.`);
    const plugins = object(profile.plugins, `profiles[${i}].plugins`, bad);
    refuseUnknown(plugins, pointNames, `profiles[${i}].plugins.`, bad);
    for (const [point, set] of Object.entries(plugins))
      refuseUnknown(set ?? {}, ['enabled', 'disabled'], `profiles[${i}].plugins.${point}.`, bad);
    return {
      schedulerName,
      plugins,
      pluginArgs: argsOf(profile, i, bad),
      percentageOfNodesToScore: percentage(profile, global, bad),
    };
  });
}

function argsOf(profile: Fields, i: number, bad: Bad): Record<string, Fields> {
  const args: Record<string, Fields> = {};
  for (const entry of list(profile.pluginConfig, `profiles[${i}].pluginConfig`, bad)) {
    if (args[entry.name]) throw bad(`profiles[${i}].pluginConfig: "${entry.name}" is there twice.`);
    const at = `profiles[${i}].pluginConfig[${entry.name}].args`;
    const given = object(entry.args, at, bad);
    const [wrong] = errorsOfArgs(entry.name, given, at);
    if (wrong) throw bad(wrong);
    args[entry.name] = given;
  }
  return args;
}

function electionOf(value: unknown, bad: Bad): ConfigFile['leaderElection'] {
  const fields = object(value, 'leaderElection', bad);
  refuseUnknown(fields, electionFields, 'leaderElection.', bad);
  if (fields.resourceLock && fields.resourceLock !== 'leases') throw bad('leaderElection.resourceLock must be leases.');
  const duration = (name: string): number | undefined => {
    if (fields[name] === undefined) return undefined;
    const ms = parseDuration(String(fields[name]));
    if (ms === undefined) throw bad(`leaderElection.${name} must be a duration such as 15s.`);
    return ms;
  };
  return {
    leaderElect: fields.leaderElect,
    leaseDuration: duration('leaseDuration'),
    renewDeadline: duration('renewDeadline'),
    retryPeriod: duration('retryPeriod'),
    resourceName: fields.resourceName,
    resourceNamespace: fields.resourceNamespace,
  };
}
