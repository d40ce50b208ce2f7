// What is served, told to clients: the old documents, one a path, and the aggregated one that holds all of them.
// Reads: the live registry, and what the aggregator knows of other servers. Mirrors: apiserver/pkg/endpoints/discovery and discovery/aggregated.
import { createHash } from 'node:crypto';
import type { Api } from '../api.ts';
import { writeValue } from '../codecs/codecs.ts';
import type { Encoding } from '../codecs/negotiate.ts';
import { answerValue, discoveryEncodingOf } from '../handlers/answers.ts';
import { PageNotFound, type Registry, type Served } from '../kinds/registry.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { type Group, resourceList, rowsOf, singularOf, subresourcesOf, subresourceVerbs, verbsOf } from './groups.ts';

const gv = (group: string, version: string) => (group ? `${group}/${version}` : version);

const groupObject = (g: Group) => ({
  name: g.name,
  versions: g.versions.map((version) => ({ groupVersion: gv(g.name, version), version })),
  preferredVersion: { groupVersion: gv(g.name, g.versions[0]!), version: g.versions[0]! },
});

type Source = Pick<Api, 'registry' | 'aggregator'>;

/** /api, /apis, /api/v1, /apis/<group>, /apis/<group>/<version>. */
export function discovery(api: Source, req: ApiRequest): Answer {
  const { registry } = api;
  const parts = req.path.split('/').filter(Boolean);
  const e = parts.length === 1 ? discoveryEncodingOf(req) : undefined;
  if (e?.form === 'APIGroupDiscoveryList') return answerAggregated(api, req, parts[0] === 'api', e);
  if (parts[0] === 'api')
    return parts.length === 1 ? answerValue(req, apiVersions(req)) : answerResources(registry, req, '', parts[1]!);
  if (parts.length === 1) {
    const groups = api.aggregator.groups().filter((g) => g.name);
    return answerValue(req, { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupObject) });
  }
  if (parts.length === 3) return answerResources(registry, req, parts[1]!, parts[2]!);
  const group = api.aggregator.groups().find((g) => g.name === parts[1] && g.name);
  if (!group) throw new PageNotFound();
  return answerValue(req, { kind: 'APIGroup', apiVersion: 'v1', ...groupObject(group) });
}

function apiVersions(req: ApiRequest): object {
  const serverAddress = String(req.headers.host ?? req.headers[':authority'] ?? '');
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

function answerResources(registry: Registry, req: ApiRequest, group: string, version: string): Answer {
  const rows = rowsOf(registry, group, version);
  if (!rows.length) throw new PageNotFound();
  return answerValue(req, {
    kind: 'APIResourceList',
    // The legacy group's documents were made for clients that took no version.
    ...(group ? { apiVersion: 'v1' } : {}),
    groupVersion: gv(group, version),
    resources: resourceList(rows),
  });
}

function answerAggregated(api: Source, req: ApiRequest, core: boolean, e: Encoding): Answer {
  const document = aggregated(api, core);
  const etag = `"${createHash('sha512').update(JSON.stringify(document)).digest('hex').toUpperCase()}"`;
  const type = `${e.media.name};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`;
  const headers = { etag, vary: 'Accept', 'cache-control': 'public' };
  if (req.headers['if-none-match'] === etag) return { code: 304, type, body: '', headers };
  return { code: 200, type, body: writeValue(document, e), headers };
}

function aggregated(api: Source, core: boolean): object {
  const groups = api.aggregator.groups().filter((g) => (g.name === '') === core);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((g) => ({
      metadata: { name: g.name, creationTimestamp: null },
      versions: g.versions.map((version) => {
        const extension = api.aggregator.extension(g.name, version);
        if (extension) return { version, ...api.aggregator.discovered(extension) };
        return { version, resources: rowsOf(api.registry, g.name, version).map(discovered), freshness: 'Current' };
      }),
    })),
  };
}

function discovered({ kind }: Served): object {
  return {
    resource: kind.plural,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singularOf(kind),
    verbs: verbsOf(kind),
    ...(kind.shortNames?.length ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories?.length ? { categories: kind.categories } : {}),
    ...(kind.subresources?.length
      ? {
          subresources: subresourcesOf(kind).map((sub) => ({
            subresource: sub.name,
            responseKind: sub.body
              ? { group: sub.body.group, version: sub.body.version, kind: sub.body.kind }
              : { group: kind.group, version: kind.version, kind: sub.options ?? kind.kind },
            verbs: subresourceVerbs(sub),
          })),
        }
      : {}),
  };
}
