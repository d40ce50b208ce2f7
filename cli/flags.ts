// What the commands share in reading their flags: parsing with --help, the data directory, how a cluster is found.
// Used by commands/. Next: up/dataDir.ts, where everything of a cluster lies.
import { existsSync } from 'node:fs';
import { type Config, type Flags, helpText, parseFlags, UsageError } from '../component-base/flags.ts';
import { type DataDir, dataDir } from './up/dataDir.ts';

export const defaultDataDir = '.mini-k8s';

export const dataDirFlag = {
  type: 'string',
  default: defaultDataDir,
  help: 'Directory that holds everything of the cluster.',
} as const;

/** Parses, or prints the help and ends. Arguments that are no flags are refused unless `rest` allows them. */
export function readFlags<T extends Flags>(usage: string, table: T, args: readonly string[], rest = false) {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if (own.includes('--help') || own.includes('-h')) {
    process.stdout.write(helpText(usage, table));
    process.exit(0);
  }
  const parsed = parseFlags(table, args);
  if (parsed.rest.length && !rest) {
    throw new UsageError(`unknown argument: ${parsed.rest[0]}; run with --help to see the flags.`);
  }
  return parsed;
}

export const clusterFlags = {
  kubeconfig: {
    type: 'string',
    default: '',
    help: 'Kubeconfig of the cluster; goes before --data-dir and $KUBECONFIG.',
  },
  'data-dir': dataDirFlag,
} as const satisfies Flags;

/** Where a command finds its cluster: a kubeconfig, and the data directory when that is what was named. */
export interface Found {
  kubeconfig: string;
  dataDir?: DataDir;
}

/** --kubeconfig, else --data-dir, else $KUBECONFIG, else .mini-k8s. Throws UsageError when the file is not there. */
export function findCluster(config: Config<typeof clusterFlags>, set: ReadonlySet<string>): Found {
  if (set.has('kubeconfig')) return existing({ kubeconfig: config.kubeconfig });
  const environment = process.env['KUBECONFIG'];
  if (!set.has('data-dir') && environment) return existing({ kubeconfig: environment.split(':')[0]! });
  const dir = dataDir(config['data-dir']);
  return existing({ kubeconfig: dir.kubeconfig, dataDir: dir });
}

function existing(found: Found): Found {
  if (existsSync(found.kubeconfig)) return found;
  throw new UsageError(
    found.dataDir
      ? `there is no cluster in ${found.dataDir.path}; start one with: mini-k8s up`
      : `there is no kubeconfig ${found.kubeconfig}; name another one with --kubeconfig.`,
  );
}
