// The URL of each verb, from Resource rows and options. Pure.
// Mirrors: client-go rest/request.go (URL) and apimachinery's ListOptions query names.
// Used by: transport.ts.
import type { Resource } from '../apimachinery/resources.ts';
import type { ListOptions, WatchOptions, WriteOptions } from './client.ts';

type Row = Pick<Resource, 'group' | 'version' | 'plural' | 'namespaced'>;

/** `/api/v1/namespaces/ns/pods/name/subresource`, each part escaped. */
export function resourcePath(r: Row, namespace?: string, name?: string, subresource?: string): string {
  const root = r.group ? `/apis/${r.group}/${r.version}` : `/api/${r.version}`;
  const scope = r.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const item = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  const sub = subresource ? `/${subresource}` : '';
  return `${root}${scope}/${r.plural}${item}${sub}`;
}

/** `?a=b&c=d` of what is set; empty when nothing is. */
export function query(values: Record<string, string | number | boolean | undefined>): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(values))
    if (value !== undefined && value !== '') parts.push(`${key}=${encodeURIComponent(String(value))}`);
  return parts.length ? `?${parts.join('&')}` : '';
}

export const listQuery = (o: ListOptions): string =>
  query({
    labelSelector: o.labelSelector,
    fieldSelector: o.fieldSelector,
    limit: o.limit,
    continue: o.continue,
    resourceVersion: o.resourceVersion,
    resourceVersionMatch: o.resourceVersionMatch,
  });

export const watchQuery = (o: WatchOptions): string =>
  query({
    watch: true,
    labelSelector: o.labelSelector,
    fieldSelector: o.fieldSelector,
    resourceVersion: o.resourceVersion,
    resourceVersionMatch: o.resourceVersionMatch,
    allowWatchBookmarks: o.allowWatchBookmarks || undefined,
    sendInitialEvents: o.sendInitialEvents,
    timeoutSeconds: o.timeoutSeconds,
  });

export const writeQuery = (o: WriteOptions & { force?: boolean }): string =>
  query({ fieldManager: o.fieldManager, dryRun: o.dryRun ? 'All' : undefined, force: o.force });
