// Where everything of one cluster lies: nothing of it is anywhere else.
// Used by all commands. Next: plan.ts puts these paths into the components' flags.
import { resolve } from 'node:path';
import { UsageError } from '../../component-base/flags.ts';

export interface DataDir {
  path: string;
  /** The admin's. */
  kubeconfig: string;
  pki: string;
  /** Kubeconfigs and configuration files of the components. */
  config: string;
  /** Sockets and port files: only of meaning while the cluster runs. */
  run: string;
  logs: string;
  /** V8's compile cache. */
  cache: string;
  store: string;
  /** Which `up` holds the directory. */
  lock: string;
  /** What runs: read by `status` and `down`. */
  state: string;
  /** What the supervisor is to run. */
  plan: string;
}

export function dataDir(path: string): DataDir {
  const root = resolve(path);
  const at = (name: string) => `${root}/${name}`;
  return {
    path: root,
    kubeconfig: at('kubeconfig'),
    pki: at('pki'),
    config: at('config'),
    run: at('run'),
    logs: at('logs'),
    cache: at('cache'),
    store: at('store'),
    lock: at('lock'),
    state: at('state.json'),
    plan: at('plan.json'),
  };
}

/** The kernel's limit for a socket's path, without its closing zero. Bytes. */
const longestSocket = 107;

/** Throws UsageError when the data directory is too deep for this socket. */
export function checkedSocket(path: string): string {
  const length = Buffer.byteLength(path);
  if (length <= longestSocket) return path;
  throw new UsageError(
    `the socket path ${path} has ${length} bytes and may have ${longestSocket}; choose a shorter --data-dir.`,
  );
}
