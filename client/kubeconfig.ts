// Where the API server is and who we are to it: from a kubeconfig file, its text, or a pod's ServiceAccount mount.
// Mirrors: client-go tools/clientcmd (client_config.go, loader.go) and rest/config.go (InClusterConfig).
// Next along the chain: transport.ts.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../component-base/flags.ts';

/** PEM text, not file names, but for `tokenFile`, which is read again as it changes. */
export interface ClientConfig {
  /** `https://127.0.0.1:6443`; a path on it is kept as a prefix. */
  server: string;
  ca?: string;
  insecureSkipTlsVerify?: boolean;
  /** The name to expect in the server's certificate when it is not the host of `server`. */
  tlsServerName?: string;
  cert?: string;
  key?: string;
  token?: string;
  tokenFile?: string;
  /** The context's namespace; `default` when it names none. */
  namespace?: string;
}

interface Kubeconfig {
  'current-context'?: string;
  clusters?: { name: string; cluster: Record<string, any> }[];
  users?: { name: string; user: Record<string, any> }[];
  contexts?: { name: string; context: { cluster?: string; user?: string; namespace?: string } }[];
}

/** Reads a kubeconfig. Throws UsageError with what to do when it is not there or not usable. */
export async function loadKubeconfig(path: string, context?: string): Promise<ClientConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `cannot read the kubeconfig ${path} (${(error as NodeJS.ErrnoException).code}); pass --kubeconfig.`,
    );
  }
  return parseKubeconfig(text, dirname(resolve(path)), context);
}

/** The same from text; file names in it are relative to `folder`. */
export async function parseKubeconfig(text: string, folder = '.', context?: string): Promise<ClientConfig> {
  const config = (await readYaml(text)) as Kubeconfig | null;
  const named = context ?? config?.['current-context'];
  if (!named) throw new UsageError('the kubeconfig has no current-context; set one or name a context.');
  const chosen = pick(config?.contexts, named, 'context').context;
  const cluster = pick(config?.clusters, chosen.cluster, 'cluster').cluster;
  const user = chosen.user ? pick(config?.users, chosen.user, 'user').user : {};
  if (!cluster.server) throw new UsageError(`the kubeconfig's cluster "${chosen.cluster}" has no server.`);
  if (user.exec || user['auth-provider'])
    throw new UsageError(
      `the kubeconfig's user "${chosen.user}" has an exec or auth provider plugin, which is not supported here.`,
    );
  return definedOnly({
    server: String(cluster.server).replace(/\/$/, ''),
    ca: await material(cluster, 'certificate-authority', folder),
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'],
    tlsServerName: cluster['tls-server-name'],
    cert: await material(user, 'client-certificate', folder),
    key: await material(user, 'client-key', folder),
    token: user.token,
    tokenFile: user.tokenFile && !user.token ? resolve(folder, user.tokenFile) : undefined,
    namespace: chosen.namespace,
  });
}

/** Kubeconfigs are often JSON, which needs no YAML parser in memory. */
async function readYaml(text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    const { parse } = await import('yaml');
    try {
      return parse(text, { version: '1.1' });
    } catch (error) {
      throw new UsageError(`the kubeconfig is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]}`);
    }
  }
}

function pick<T extends { name: string }>(list: T[] | undefined, name: string | undefined, what: string): T {
  const found = list?.find((item) => item.name === name);
  if (!found) throw new UsageError(`the kubeconfig has no ${what} "${name ?? ''}".`);
  return found;
}

/** `<field>-data` in base64, else the file that `field` names. */
async function material(from: Record<string, any>, field: string, folder: string): Promise<string | undefined> {
  const data = from[`${field}-data`];
  if (data) return Buffer.from(String(data), 'base64').toString('utf8');
  if (!from[field]) return undefined;
  const path = resolve(folder, String(from[field]));
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot read ${path}, named by the kubeconfig as ${field} (${error.code}).`);
  });
}

const mount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A pod's own way to its API server: environment and ServiceAccount mount. Throws UsageError outside a pod. */
export async function inClusterConfig(env: NodeJS.ProcessEnv = process.env, folder = mount): Promise<ClientConfig> {
  const host = env.KUBERNETES_SERVICE_HOST;
  const port = env.KUBERNETES_SERVICE_PORT;
  if (!host || !port)
    throw new UsageError('unable to load in-cluster configuration: pass --kubeconfig, or run in a pod.');
  const read = (name: string) => readFile(resolve(folder, name), 'utf8').catch(() => undefined);
  const token = await read('token');
  if (token === undefined) throw new UsageError(`unable to load in-cluster configuration: ${folder}/token is missing.`);
  return definedOnly({
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: await read('ca.crt'),
    tokenFile: resolve(folder, 'token'),
    namespace: (await read('namespace'))?.trim(),
  });
}

/** The config a daemon means: --kubeconfig when it is given, else the pod's own. */
export const configFromFlag = (kubeconfig: string): Promise<ClientConfig> =>
  kubeconfig ? loadKubeconfig(kubeconfig) : inClusterConfig();

const definedOnly = <T extends object>(o: T): T =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== '')) as T;
