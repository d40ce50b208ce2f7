// Custom resources in one API server: what is defined is served before the first request comes, and definitions move on from then.
// Called by ../run.ts between the loading of caches and listening. Next: serving/customResources.ts, status/crdController.ts.

import { createServiceOrigin } from '../aggregator/serviceOrigin.ts';
import { type Api, cacheOf } from '../api.ts';
import { converterOf } from './conversion/converterOf.ts';
import { customResources } from './serving/customResources.ts';
import { type CrdController, crds, startCrdController } from './status/crdController.ts';

/** `toEndpoints`: webhooks are asked at an endpoint of their Service instead of its ClusterIP. */
export async function startCustomResources(api: Api, options: { toEndpoints: boolean }): Promise<CrdController> {
  const row = api.registry.byResource(crds.group, crds.plural)!;
  const originOf = createServiceOrigin(api.cluster, options.toEndpoints, api.random);
  const resources = customResources(api, (crd) => converterOf(crd, originOf));
  return startCrdController(api, await cacheOf(api, row), resources);
}
