// Files of one volume that would be written over each other: the same path twice, or a file where another one needs a folder.
// Mirrors: warningsForOverlappingVirtualPaths in pkg/api/pod/warnings.go.
// Called by: warnings.ts.

const bare = (path = '') => path.replace(/\/+$/, '');

/** Of two paths one begins with the other. */
const collide = (a: string, b: string) =>
  a !== '' && b !== '' && (a === b || `${a}/`.startsWith(b) || `${b}/`.startsWith(a));

function overlaps(paths: readonly string[], what: string): string[] {
  const seen = new Set<string>();
  const texts: string[] = [];
  for (const given of paths) {
    const path = bare(given);
    const other = [...seen].find((item) => collide(item, path));
    if (other !== undefined) texts.push(`${what}: overlapping paths: "${path}" with "${other}"`);
    seen.add(path);
  }
  return texts;
}

const pathsOf = (items: any[] | undefined): string[] => (items ?? []).map((item) => item.path ?? '');

/** What a projection writes, and how it is called. */
function projection(source: any): [name: string, paths: string[]] {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap?.items) return [`ConfigMap "${configMap.name ?? ''}"`, pathsOf(configMap.items)];
  if (secret?.items) return [`Secret "${secret.name ?? ''}"`, pathsOf(secret.items)];
  if (downwardAPI?.items) return ['DownwardAPI', pathsOf(downwardAPI.items)];
  if (serviceAccountToken) return ['ServiceAccountToken', [serviceAccountToken.path ?? '']];
  return ['', []];
}

/** Sources of a projected volume share its folder. */
function ofProjected(volume: any): string[] {
  const all = new Set<string>();
  return (volume.projected.sources ?? []).flatMap((source: any) => {
    if (!Object.keys(source).length) return [`volume "${volume.name}" (Projected) has no sources provided`];
    const [name, paths] = projection(source);
    if (!paths.length) return [];
    const what = `volume "${volume.name}" (Projected ${name})`;
    const texts = [...overlaps(paths, what), ...overlaps([...new Set(paths), ...all].sort(), what)];
    for (const path of paths) all.add(path);
    return texts;
  });
}

export function pathWarnings(volume: any): string[] {
  const { name, configMap, secret, downwardAPI, projected } = volume;
  const of = (items: any[] | undefined, what: string) => overlaps(pathsOf(items), `volume "${name}" (${what})`);
  return [
    ...of(configMap?.items, `ConfigMap "${configMap?.name ?? ''}"`),
    ...of(secret?.items, `Secret "${secret?.secretName ?? ''}"`),
    ...of(downwardAPI?.items, 'DownwardAPI'),
    ...(projected ? ofProjected(volume) : []),
  ];
}
