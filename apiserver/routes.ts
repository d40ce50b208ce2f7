// Paths that are no resources: discovery, OpenAPI, version, health, metrics, token issuer discovery.
// A table of path prefix → answer, looked up by the first segment. Called by dispatch.ts.
import type { Api } from './api.ts';
import { discovery } from './discovery/discovery.ts';
import { answerHealth } from './health.ts';
import { PageNotFound } from './kinds/registry.ts';
import { openapiV2 } from './openapi/v2.ts';
import { openapiV3 } from './openapi/v3.ts';
import { type Answer, type ApiRequest, jsonType } from './request.ts';
import { version } from './version.ts';

type Route = (api: Api, req: ApiRequest) => Answer | Promise<Answer>;

const json = (value: unknown): Answer => ({ code: 200, type: jsonType, body: JSON.stringify(value, null, 2) });

const routes: Record<string, Route> = {
  '': (api) => json({ paths: indexPaths(api) }),
  api: discovery,
  apis: discovery,
  openapi: (api, req) => {
    if (req.path === '/openapi/v2') return openapiV2(req, api.registry, api.aggregator);
    if (req.path === '/openapi/v3' || req.path.startsWith('/openapi/v3/')) return documentV3(api, req);
    throw new PageNotFound();
  },
  version: () => json(version),
  healthz: health,
  livez: health,
  readyz: health,
  metrics,
  async debug(api, req) {
    if (!api.config.profiling) throw new PageNotFound();
    // Few servers are ever profiled.
    const { profiling } = await import('./profiling.ts');
    return profiling(req);
  },
  '.well-known': (api, req) => {
    if (req.path !== '/.well-known/openid-configuration') throw new PageNotFound();
    return json(
      api.tokens.discovery(`https://${req.headers.host ?? req.headers[':authority']}/openid/v1/jwks`).configuration,
    );
  },
  openid: (api, req) => {
    if (req.path !== '/openid/v1/jwks') throw new PageNotFound();
    return { ...json(api.tokens.discovery('').jwks), type: 'application/jwk-set+json' } as Answer;
  },
};

function health(api: Api, req: ApiRequest): Promise<Answer> {
  return answerHealth(api.health, req, api.metrics.checked);
}

async function metrics({ metrics }: Api, req: ApiRequest): Promise<Answer> {
  const [, , page, ...more] = req.path.split('/');
  if (more.length || (page && page !== 'slis')) throw new PageNotFound();
  return { code: 200, type: metrics.contentType, body: page ? await metrics.slis() : await metrics.text() };
}

/** Nothing lies below them, nor beside the root: `//x` is no path of ours. */
const lone = new Set(['', 'version']);

const aggregatorUser = { username: 'system:aggregator' };

/** Of a group version that another server has, that server writes the document; whoever may read ours may read it. */
function documentV3(api: Api, req: ApiRequest): Answer | Promise<Answer> {
  const [, , , root, group = '', version = ''] = req.path.split('/');
  const extension = root === 'apis' ? api.aggregator.extension(group, version) : undefined;
  if (extension) return api.aggregator.proxy({ ...req, user: aggregatorUser }, extension);
  return openapiV3(api.registry, req, api.aggregator);
}

export async function route(api: Api, req: ApiRequest): Promise<Answer> {
  const first = req.path.split('/', 2)[1] ?? '';
  const found = routes[first];
  if (!found || (lone.has(first) && req.path !== `/${first}` && (!first || req.path !== `/${first}/`)))
    throw new PageNotFound();
  if (req.method !== 'GET' && req.method !== 'HEAD') throw new PageNotFound();
  return found(api, req);
}

function indexPaths(api: Api): string[] {
  const groups = new Set<string>();
  for (const { name, versions } of api.aggregator.groups()) {
    if (!name) continue;
    groups.add(`/apis/${name}`);
    for (const version of versions) groups.add(`/apis/${name}/${version}`);
  }
  const fixed = [
    '/.well-known/openid-configuration',
    '/api',
    '/api/v1',
    '/apis',
    '/healthz',
    '/livez',
    '/metrics',
    '/metrics/slis',
    '/openapi/v2',
    '/openapi/v3',
    '/openid/v1/jwks',
    '/readyz',
    '/version',
  ];
  return [...fixed, ...groups].sort();
}
