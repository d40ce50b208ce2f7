// Which versions and resources are served: the stable ones, and what --runtime-config turns on and off.
// Reads: the flag's map. Mirrors: staging/src/k8s.io/apiserver/pkg/server/{resourceconfig/helpers,options/api_enablement}.go.
// Next: run.ts fills the registry; what is off stays there unseen, since other versions may be stored as it.
import { UsageError } from '../component-base/flags.ts';
import type { Kind } from './kinds/kind.ts';

const wholes = ['api/all', 'api/ga', 'api/beta', 'api/alpha'];

const stageOf = (version: string): string =>
  /alpha/.test(version) ? 'api/alpha' : /beta/.test(version) ? 'api/beta' : 'api/ga';

/** `v1`, `apps/v1`: as the flag names a version. */
const versionKey = ({ group, version }: Kind) => (group ? `${group}/${version}` : version);

/**
 * Tells whether a kind is served. Throws UsageError for a value that is no bool, for groups that are unknown, and for a flag that leaves
 * nothing; `warn` hears of versions and resources that are unknown, in order.
 */
export function runtimeConfig(
  flag: Readonly<Record<string, string>>,
  kinds: readonly Kind[],
  warn: (text: string) => void,
): (kind: Kind) => boolean {
  const asked = new Map(Object.entries(flag).map(([key, text]) => [coreKey(key), readBool(key, text)]));
  if (asked.size === 1 && asked.get('api/all') === false)
    throw new UsageError(
      'invalid key with only api/all=false: name the versions to serve beside it, as in --runtime-config=api/all=false,v1=true.',
    );
  checkGroups(asked, kinds);
  for (const text of unknownNames(asked, kinds)) warn(text);
  return (kind) => {
    const version = versionKey(kind);
    const said = [`${version}/${kind.plural}`, version, stageOf(kind.version), 'api/all'].map((key) => asked.get(key));
    return said.find((value) => value !== undefined) ?? stageOf(kind.version) === 'api/ga';
  };
}

/** `api/v1` is the old name of `v1`. */
const coreKey = (key: string) => (/^api\/v\d/.test(key) ? key.slice('api/'.length) : key);

function readBool(key: string, text: string): boolean {
  if (/^(|1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw new UsageError(`invalid value of --runtime-config: ${key}=${text}: must be true or false.`);
}

function checkGroups(asked: ReadonlyMap<string, boolean>, kinds: readonly Kind[]): void {
  const groups = new Set(kinds.map((kind) => kind.group));
  const named = [...asked.keys()].filter((key) => !wholes.includes(key) && key.includes('/') && !/^v\d/.test(key));
  const unknown = [...new Set(named.map((key) => key.split('/')[0]!))].filter((group) => !groups.has(group)).sort();
  if (unknown.length)
    throw new UsageError(
      `unknown api groups ${unknown.join(',')} in --runtime-config: name a group that this server has, or leave them out.`,
    );
}

function unknownNames(asked: ReadonlyMap<string, boolean>, kinds: readonly Kind[]): string[] {
  const versions = new Set(kinds.map(versionKey));
  const resources = new Set(kinds.map((kind) => `${versionKey(kind)}/${kind.plural}`));
  return [...asked.keys()]
    .filter((key) => !wholes.includes(key) && !versions.has(key) && !resources.has(key))
    .sort()
    .map((key) => `--runtime-config names ${key}, which this server does not have: it is skipped`);
}
