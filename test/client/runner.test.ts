import { afterEach, describe, expect, it } from 'vitest';
import { causeText } from '../../apimachinery/cause.ts';
import { realClock } from '../../apimachinery/clock.ts';
import { pods } from '../../apimachinery/resources.ts';
import { currentCauses } from '../../client/causes.ts';
import { type Controller, watch } from '../../client/controller.ts';
import { createInformerFactory } from '../../client/informerFactory.ts';
import { runControllers } from '../../client/runner.ts';
import { createClient } from '../../client/transport.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { createMetrics } from '../../component-base/metrics.ts';
import { eventually, scriptedServer } from './scriptedServer.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});
const pod = (name: string, rv: number) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'd', uid: name, resourceVersion: String(rv) },
});
const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;

describe('runner', () => {
  it('turns events into reconciles with their causes, and retries failures with the same ones', async () => {
    let stream: { write(s: string): void } | undefined;
    const server = await scriptedServer((_s, r) => {
      r.writeHead(200);
      const end = { metadata: { resourceVersion: '5', annotations: { 'k8s.io/initial-events-end': 'true' } } };
      r.write(line('ADDED', pod('a', 3)) + line('BOOKMARK', end));
      stream = r;
    });
    const client = createClient({ server: server.server });
    const ending = new AbortController();
    cleanups.push(
      () => ending.abort(),
      () => client.close(),
      () => server.close(),
    );
    const deps = { client, clock: realClock, random: () => 0, log: silentLogger };
    const informers = createInformerFactory(deps);
    const metrics = createMetrics();
    const seen: string[] = [];
    let failures = 2;
    const controller: Controller = {
      name: 'test-controller',
      watches: [
        watch({
          resource: pods,
          keys: (p) => [`d/owner-of-${p.metadata.name}`],
          when: (p, old) => p.metadata.labels?.x !== old.metadata.labels?.x || p.metadata.resourceVersion === '6',
        }),
      ],
      async reconcile(key) {
        seen.push(`${key} ${currentCauses().map(causeText).join(' ')}`);
        if (key.endsWith('b') && failures-- > 0) throw new Error('not yet');
        return key.endsWith('c') && seen.length < 7 ? { after: 20 } : undefined;
      },
    };
    const done = runControllers([controller], {
      contextFor: () => ({ ...deps, informers, events: { event() {}, flush: async () => {} } }),
      signal: ending.signal,
      metrics,
    });
    await eventually(() => seen.length === 1);
    stream!.write(line('MODIFIED', pod('a', 6)) + line('MODIFIED', pod('a', 7)));
    await eventually(() => seen.length === 2);
    stream!.write(line('ADDED', pod('b', 8)));
    await eventually(() => seen.length === 5);
    stream!.write(line('ADDED', pod('c', 9)));
    await eventually(() => seen.length === 7);
    expect(seen).toEqual([
      'd/owner-of-a start-up pods/d/a@3',
      'd/owner-of-a pods/d/a@6',
      'd/owner-of-b pods/d/b@8',
      'd/owner-of-b pods/d/b@8',
      'd/owner-of-b pods/d/b@8',
      'd/owner-of-c pods/d/c@9',
      'd/owner-of-c timer',
    ]);
    ending.abort();
    await done;
    const text = await metrics.text();
    expect(text).toContain('workqueue_retries_total{name="test-controller"} 2');
    expect(text).toContain('workqueue_depth{name="test-controller"} 0');
  });

  it('gathers events for a while where a watch asks for it', async () => {
    let stream: { write(s: string): void } | undefined;
    const server = await scriptedServer((_s, r) => {
      r.writeHead(200);
      const end = { metadata: { resourceVersion: '5', annotations: { 'k8s.io/initial-events-end': 'true' } } };
      r.write(line('BOOKMARK', end));
      stream = r;
    });
    const client = createClient({ server: server.server });
    const ending = new AbortController();
    cleanups.push(
      () => ending.abort(),
      () => client.close(),
      () => server.close(),
    );
    const deps = { client, clock: realClock, random: () => 0, log: silentLogger };
    const informers = createInformerFactory(deps);
    const seen: string[] = [];
    const controller: Controller = {
      name: 'test-controller',
      watches: [watch({ resource: pods, keys: () => ['all'], after: 1000 })],
      reconcile: async () => void seen.push(currentCauses().map(causeText).join(' ')),
    };
    const done = runControllers([controller], {
      contextFor: () => ({ ...deps, informers, events: { event() {}, flush: async () => {} } }),
      signal: ending.signal,
    });
    await eventually(() => stream !== undefined);
    const begun = Date.now();
    stream!.write(line('ADDED', pod('a', 6)));
    await new Promise((resolve) => setTimeout(resolve, 30));
    stream!.write(line('ADDED', pod('b', 7)));
    await eventually(() => seen.length > 0);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(990);
    expect(seen).toEqual(['pods/d/a@6 pods/d/b@7']);
    ending.abort();
    await done;
  });
});
