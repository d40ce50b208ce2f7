// Custom resources in one API server: what is defined is served before the first request comes, and definitions move on from then.
// Called by ../run.ts between the loading of caches and listening. Next: serving/customResources.ts, status/crdController.ts.
import type { KubeObject } from '../../apimachinery/types.ts';
import { type Api, cacheOf } from '../api.ts';
import type { Converter } from './conversion/converter.ts';
import { noConversion } from './conversion/none.ts';
import { customResources } from './serving/customResources.ts';
import { type CrdController, crds, startCrdController } from './status/crdController.ts';

export async function startCustomResources(api: Api): Promise<CrdController> {
  const row = api.registry.byResource(crds.group, crds.plural)!;
  const converterOf = (_crd: KubeObject): Converter => noConversion;
  return startCrdController(api, await cacheOf(api, row), customResources(api, converterOf));
}
