// Scheduler and claim controller with an API server that fails every tenth write: 409, 429, 500, and 500 after the write was stored.
// Every pod gets its device, none two pods', and in the end every device is free.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { realClock } from '../../../apimachinery/clock.ts';
import {
  deviceClasses,
  namespaces,
  nodes,
  pods,
  resourceClaims,
  resourceClaimTemplates,
  resourceSlices,
  serviceAccounts,
} from '../../../apimachinery/resources.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import type { Client } from '../../../client/client.ts';
import { createEventRecorder } from '../../../client/eventRecorder.ts';
import { createInformerFactory } from '../../../client/informerFactory.ts';
import { runControllers } from '../../../client/runner.ts';
import { silentLogger } from '../../../component-base/logger.ts';
import { resourceClaimController } from '../../../controllers/resourceClaim/resourceClaim.ts';
import { assemble } from '../../../scheduler/assemble.ts';
import { defaultConfig } from '../../../scheduler/config.ts';
import { runScheduler } from '../../../scheduler/scheduler.ts';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { node, pod } from '../objects.ts';
import { claim, slice } from './objects.ts';

let server: TestApiServer;
let client: Client;
const ending = new AbortController();
let running: Promise<unknown>;
const faults = new Set<string>();
/** All claims that there ever were. */
const made = new Set<string>();

const refusal = (code: number, reason: string) =>
  new StatusError({ code, reason, message: `made to fail: ${reason}` } as never);

function faulty(real: Client): Client {
  let count = 0;
  const write = async <T>(work: () => Promise<T>): Promise<T> => {
    if (++count % 10) return work();
    const way = (count / 10) % 4;
    faults.add(['stored', 'conflict', 'busy', 'lost'][way]!);
    if (way === 1) throw refusal(409, 'Conflict');
    if (way === 2) throw refusal(429, 'TooManyRequests');
    if (way === 0) await work();
    throw refusal(500, 'InternalError');
  };
  const wrapped =
    (name: keyof Client) =>
    (...args: any[]) =>
      write(() => (real[name] as any)(...args));
  const names = ['create', 'update', 'updateStatus', 'patch', 'delete', 'post'] as const;
  return { ...real, ...Object.fromEntries(names.map((name) => [name, wrapped(name)])) } as Client;
}

const devices = 18;
const ns = 'work';
const names = Array.from({ length: devices }, (_, i) => `p${i}`);

beforeAll(async () => {
  server = await startTestApiServer({ flags: ['--disable-admission-plugins=TaintNodesByCondition,Priority'] });
  client = await server.client();
  const common = { clock: realClock, random: Math.random, log: silentLogger };
  const { signal } = ending;
  const informersOf = () => createInformerFactory({ ...common, client });
  const informers = informersOf();
  const scheduler = assemble(defaultConfig, { ...common, client: faulty(client), informers, signal });
  await informers.start(signal);
  const own = informersOf();
  own.informer(resourceClaims).addHandler({ added: ({ metadata }) => void made.add(metadata.uid!) });
  const contextFor = () => ({
    ...common,
    client: faulty(client),
    informers: own,
    events: createEventRecorder({ ...common, client, component: 'resource_claim' }),
  });
  running = Promise.all([
    runScheduler(scheduler, signal),
    runControllers([resourceClaimController()], { contextFor, signal }),
  ]);
  await client.create(namespaces, { metadata: { name: ns } });
  await client.create(serviceAccounts, { metadata: { name: 'default', namespace: ns } });
  await client.create(deviceClasses, { metadata: { name: 'gpu' }, spec: {} } as never);
  for (const n of ['n0', 'n1', 'n2']) {
    await client.create(nodes, node(n) as never);
    const { spec } = slice(n, { nodeName: n, devices: names.slice(0, devices / 3) });
    await client.create(resourceSlices, { metadata: { name: n }, spec } as never);
  }
});

afterAll(async () => {
  ending.abort();
  await running;
  client?.close();
  await server?.stop();
});

it('converge, and no device is there twice', async () => {
  const spec = { spec: claim('x').spec };
  await client.create(resourceClaimTemplates, { metadata: { name: 't', namespace: ns }, spec } as never);
  for (const name of names) {
    const entries = [{ name: 'dev', resourceClaimTemplateName: 't' }];
    const { metadata: _, ...rest } = pod(name, { spec: { resourceClaims: entries } });
    await client.create(pods, { ...rest, metadata: { name, namespace: ns } } as never);
  }
  const claims = async () => (await client.list(resourceClaims, { namespace: ns })).items;
  await until(async () => {
    const { items } = await client.list(pods, { namespace: ns });
    const given = (await claims()).flatMap((c) => c.status?.allocation?.devices?.results ?? []);
    expect(new Set(given.map((r) => `${r.pool}/${r.device}`)).size).toBe(given.length);
    return items.every((p) => p.spec?.nodeName);
  });
  expect((await claims()).length).toBe(devices);
  for (const name of names)
    await client.patch(pods, name, ns, 'merge', { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  await until(async () => (await claims()).length === 0, 30_000);
  expect(made.size).toBe(devices);
  expect([...faults].sort()).toEqual(['busy', 'conflict', 'lost', 'stored']);
});
