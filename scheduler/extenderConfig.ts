// The extenders of a configuration file: others who are asked over HTTP about nodes, victims and bindings.
// Reads: `extenders` of a KubeSchedulerConfiguration. Mirrors: apis/config/types.go (Extender), apis/config/validation.
// Used by: configFile.ts. Next along the chain: extender.ts, which asks them.
import { readFileSync } from 'node:fs';
import { parseDuration, type UsageError } from '../component-base/flags.ts';

export interface ExtenderConfig {
  /** Without a slash at the end. */
  url: string;
  /** '' for what it does not do. */
  filterVerb: string;
  prioritizeVerb: string;
  preemptVerb: string;
  bindVerb: string;
  weight: number;
  /** Milliseconds. */
  timeout: number;
  /** It knows the nodes: names will do. */
  nodeCacheCapable: boolean;
  /** Asked only about pods that ask for one of these; none: about all. */
  managedResources: readonly string[];
  /** Of those, the ones that the scheduler itself does not look at. */
  ignoredResources: readonly string[];
  /** When it does not answer, pods are scheduled without it. */
  ignorable: boolean;
  /** PEM. */
  tls?: { ca?: string; cert?: string; key?: string; insecure: boolean; serverName?: string };
}

type Bad = (why: string) => UsageError;
type Fields = Record<string, any>;

const fields = [
  'urlPrefix',
  'filterVerb',
  'preemptVerb',
  'prioritizeVerb',
  'weight',
  'bindVerb',
  'enableHTTPS',
  'tlsConfig',
  'httpTimeout',
  'nodeCacheCapable',
  'managedResources',
  'ignorable',
];
const tlsFields = ['insecure', 'serverName', 'certFile', 'keyFile', 'caFile', 'certData', 'keyData', 'caData'];

/** Throws what `bad` makes of the first thing that is wrong. */
export function readExtenders(list: readonly Fields[], bad: Bad): ExtenderConfig[] {
  const extenders = list.map((extender, i) => readExtender(extender, `extenders[${i}]`, bad));
  const binders = extenders.filter((e) => e.bindVerb);
  if (binders.length > 1)
    throw bad(`extenders: Invalid value: only one extender can implement bind, found ${binders.length}.`);
  const managed = extenders.flatMap((e) => e.managedResources);
  const twice = managed.find((name, i) => managed.indexOf(name) !== i);
  if (twice) throw bad(`extenders: Invalid value: duplicate extender managed resource name ${twice}.`);
  return extenders;
}

function readExtender(e: Fields, at: string, bad: Bad): ExtenderConfig {
  refuseUnknown(e, fields, at, bad);
  if (typeof e.urlPrefix !== 'string' || !e.urlPrefix) throw bad(`${at}.urlPrefix is required.`);
  if (e.prioritizeVerb && !(e.weight > 0))
    throw bad(`${at}.weight: Invalid value: must have a positive weight applied to it.`);
  const managed = (e.managedResources ?? []) as Fields[];
  const strange = managed.find((m) => !String(m.name).includes('/') || String(m.name).includes('kubernetes.io/'));
  if (strange)
    throw bad(`${at}.managedResources: Invalid value: "${strange.name}" is an invalid extended resource name.`);
  const timeout = e.httpTimeout === undefined ? 5000 : parseDuration(String(e.httpTimeout));
  if (timeout === undefined) throw bad(`${at}.httpTimeout must be a duration such as 5s.`);
  const tls = tlsOf(e, at, bad);
  return {
    url: urlOf(e, at, bad),
    filterVerb: e.filterVerb ?? '',
    prioritizeVerb: e.prioritizeVerb ?? '',
    preemptVerb: e.preemptVerb ?? '',
    bindVerb: e.bindVerb ?? '',
    weight: e.weight ?? 0,
    timeout: timeout || 5000,
    nodeCacheCapable: e.nodeCacheCapable === true,
    managedResources: managed.map((m) => m.name),
    ignoredResources: managed.filter((m) => m.ignoredByScheduler === true).map((m) => m.name),
    ignorable: e.ignorable === true,
    ...(tls && { tls }),
  };
}

function urlOf({ urlPrefix }: Fields, at: string, bad: Bad): string {
  const url = urlPrefix.replace(/\/+$/, '');
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw bad(`${at}.urlPrefix must be an http or https URL.`);
  return url;
}

function tlsOf(e: Fields, at: string, bad: Bad): ExtenderConfig['tls'] {
  const t: Fields = e.tlsConfig ?? {};
  refuseUnknown(t, tlsFields, `${at}.tlsConfig`, bad);
  if (!e.enableHTTPS && !e.tlsConfig && !e.urlPrefix.startsWith('https:')) return undefined;
  const material = (name: 'ca' | 'cert' | 'key'): string | undefined => {
    if (t[`${name}Data`]) return Buffer.from(t[`${name}Data`], 'base64').toString();
    const file = t[`${name}File`];
    if (!file) return undefined;
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      throw bad(`${at}.tlsConfig.${name}File: cannot read ${file} (${(error as NodeJS.ErrnoException).code}).`);
    }
  };
  const ca = material('ca');
  // Without an authority to ask, enableHTTPS alone takes any certificate.
  return {
    ...(ca && { ca }),
    cert: material('cert'),
    key: material('key'),
    insecure: t.insecure === true || (!ca && e.enableHTTPS === true),
    ...(t.serverName && { serverName: t.serverName }),
  };
}

function refuseUnknown(given: Fields, known: readonly string[], at: string, bad: Bad): void {
  for (const name in given) if (!known.includes(name)) throw bad(`unknown field "${at}.${name}".`);
}
