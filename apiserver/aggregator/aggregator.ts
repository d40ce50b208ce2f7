// The aggregation layer: one API out of this server's kinds and those of extension servers that APIServices name.
// Assembled by ../run.ts; asked by ../dispatch.ts for each request and by ../discovery/ and ../openapi/ for their documents.
// Mirrors: kube-aggregator/pkg/apiserver/apiserver.go. Next: proxyToExtension.ts, autoregister.ts, availability.ts.
import type { Api } from '../api.ts';
import type { Step } from '../bootstrap/step.ts';
import { type Group, groupsOf } from '../discovery/groups.ts';
import type { Registry } from '../kinds/registry.ts';
import type { Answer, ApiRequest } from '../request.ts';
import {
  type ApiServiceIndex,
  apiServices,
  availableCondition,
  createApiServiceIndex,
  type Extension,
} from './apiServices.ts';
import { createAutoregistration } from './autoregister.ts';
import { createAvailability } from './availability.ts';
import { createExtensionClient } from './extensionClient.ts';
import { createExtensionDiscovery, type Discovered } from './extensionDiscovery.ts';
import { createExtensionOpenapi, type ExtensionOpenapi } from './extensionOpenapi.ts';
import type { ProxyCertificate } from './frontProxy.ts';
import { proxyToExtension } from './proxyToExtension.ts';
import { createServiceOrigin } from './serviceOrigin.ts';

export interface Aggregator {
  /** The server that has this group version instead of ours; undefined for our own. */
  extension(group: string, version: string): Extension | undefined;
  extensions(): Extension[];
  /** Sends the request on, in its caller's name. */
  proxy(req: ApiRequest, extension: Extension): Promise<Answer>;
  /** All groups, ours and others', with their versions, the preferred first. */
  groups(): Group[];
  /** What an extension server says that it serves. */
  discovered(extension: Extension): Discovered;
  openapi: ExtensionOpenapi;
  /** Of every APIService, by its condition. */
  availability(): { name: string; available: boolean }[];
  /** What is to be done once the server listens. */
  steps(): Step[];
}

export interface AggregatorOptions {
  /** --proxy-client-cert-file and its key. */
  certificate: ProxyCertificate;
  /** --enable-aggregator-routing. */
  toEndpoints: boolean;
  /** Not --aggregator-reject-forwarding-redirect. */
  allowRedirects: boolean;
}

/** `api` may still be under assembly: it is looked at when the methods are called. */
export function createAggregator(
  api: Api,
  { certificate, toEndpoints, allowRedirects }: AggregatorOptions,
): Aggregator {
  const index = createApiServiceIndex(api);
  const originOf = (service: Extension['service']) =>
    createServiceOrigin(api.cluster, toEndpoints, api.random)(service);
  const client = createExtensionClient(originOf, certificate);
  const discovery = createExtensionDiscovery(client);
  const openapi = createExtensionOpenapi(client, () => index.extensions());
  return {
    extension: (group, version) => index.extension(group, version),
    extensions: () => index.extensions(),
    proxy: (req, extension) => proxyToExtension(api, req, extension, { originOf, certificate, allowRedirects }),
    groups: () => mergedGroups(index, api.registry),
    discovered: discovery.of,
    openapi,
    availability: () =>
      api.cluster.cachedList(apiServices).map((object) => ({
        name: object.metadata.name,
        available: availableCondition(object)?.status === 'True',
      })),
    steps: () =>
      aggregatorSteps(api, index, {
        client,
        async onAnswer(extension) {
          discovery.prune(index);
          const asked = await Promise.allSettled([discovery.refresh(extension), openapi.refresh(extension)]);
          for (const result of asked)
            if (result.status === 'rejected')
              api.log.warn({ apiService: extension.name, error: result.reason.message }, 'document not had');
        },
      }),
  };
}

const ownGroup = 'apiregistration.k8s.io';

/** Our own group first, the others as their APIServices rank them; what has none yet comes last. */
function mergedGroups(index: ApiServiceIndex, registry: Registry): Group[] {
  const local = groupsOf(registry);
  const has = (name: string, version: string) =>
    registry.all().some((r) => r.kind.group === name && r.kind.version === version);
  const ranked = index
    .ranked()
    .map(({ name, versions }) => ({
      name,
      versions: versions.filter((v) => index.extension(name, v) || has(name, v)),
    }))
    .filter(({ name, versions }) => versions.length && name !== ownGroup);
  const missing = local
    .filter(({ name }) => name !== ownGroup)
    .map(({ name, versions }) => ({
      name,
      versions: versions.filter((v) => !ranked.some((g) => g.name === name && g.versions.includes(v))),
    }))
    .filter(({ versions }) => versions.length);
  const merged = [...local.filter(({ name }) => name === ownGroup), ...ranked];
  for (const group of missing) {
    const known = merged.find(({ name }) => name === group.name);
    if (known) known.versions = [...known.versions, ...group.versions];
    else merged.push(group);
  }
  return merged;
}

function aggregatorSteps(
  api: Api,
  index: ApiServiceIndex,
  options: { client: ReturnType<typeof createExtensionClient>; onAnswer(extension: Extension): Promise<void> },
): Step[] {
  const autoregistration = createAutoregistration(api);
  const availability = createAvailability(api, { index, ...options });
  let begun = false;
  return [
    {
      name: 'autoregistration',
      hook: 'kube-apiserver-autoregistration',
      every: 60_000,
      async run() {
        await autoregistration.sync(!begun);
        if (!begun) await autoregistration.start();
        begun = true;
      },
      stop: async () => autoregistration.stop(),
    },
    {
      name: 'availability',
      hook: 'apiservice-status-remote-available-controller',
      run: availability.start,
      async stop() {
        availability.stop();
        options.client.close();
      },
    },
  ];
}
