// What is served, told to clients: the old documents, one a path, and the aggregated one that holds all of them.
// Reads: the live registry, and what the aggregator knows of other servers. Mirrors: apiserver/pkg/endpoints/discovery and discovery/aggregated.
import { createHash } from 'node:crypto';
import type { Api } from '../api.ts';
import { answerValue } from '../handlers/answers.ts';
import { PageNotFound, type Registry, type Served } from '../kinds/registry.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { type Group, resourceList, rowsOf, singularOf, subresourceVerbs, verbsOf } from './groups.ts';

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
  const aggregated = wantsAggregated(req.headers.accept);
  if (parts.length === 1 && aggregated) return answerAggregated(api, req, parts[0] === 'api', aggregated);
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
    apiVersion: 'v1',
    groupVersion: gv(group, version),
    resources: resourceList(rows),
  });
}

/** The version of the aggregated form that the client takes, when it asks for it before plain JSON. */
function wantsAggregated(accept: string | undefined): 'v2' | 'v2beta1' | undefined {
  for (const clause of (accept ?? '').split(',')) {
    if (/as=APIGroupDiscoveryList/.test(clause) && /g=apidiscovery\.k8s\.io/.test(clause)) {
      const version = /v=(v2beta1|v2)\b/.exec(clause)?.[1];
      if (version) return version as 'v2' | 'v2beta1';
    } else if (/^\s*application\/json\s*(;q=.*)?$/.test(clause)) return undefined;
  }
  return undefined;
}

function answerAggregated(api: Source, req: ApiRequest, core: boolean, version: 'v2' | 'v2beta1'): Answer {
  const groups = api.aggregator.groups().filter((g) => (g.name === '') === core);
  const document = {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
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
  const body = JSON.stringify(document);
  const etag = `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"`;
  const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  const headers = { etag, vary: 'Accept', 'cache-control': 'public' };
  if (req.headers['if-none-match'] === etag) return { code: 304, type, body: '', headers };
  return { code: 200, type, body, headers };
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
          subresources: [...kind.subresources]
            .sort((a, b) => (a.name < b.name ? -1 : 1))
            .map((sub) => ({
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
