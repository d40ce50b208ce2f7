import { describe, expect, it } from 'vitest';
import { events } from '../../apimachinery/resources.ts';
import { notFound } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import { ConnectionError } from '../../client/client.ts';
import { createEventRecorder } from '../../client/eventRecorder.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { fakeClock } from './fakeClock.ts';

const rs = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web', namespace: 'd', uid: 'u1', resourceVersion: '5' },
};

/** A recorder whose client keeps what is written; `refuse` may throw instead. */
function recorder(refuse: (verb: string, calls: number) => void = () => {}) {
  const written: { verb: string; name: string; body: any }[] = [];
  let calls = 0;
  const client = {
    async create(_r: unknown, body: any) {
      refuse('create', ++calls);
      written.push({ verb: 'create', name: body.metadata.name, body });
      return body;
    },
    async patch(_r: unknown, name: string, _ns: string, _type: string, body: any) {
      refuse('patch', ++calls);
      written.push({ verb: 'patch', name, body });
      return { metadata: { name }, count: body.count };
    },
  } as unknown as Client;
  const clock = fakeClock();
  const made = createEventRecorder({
    client,
    clock,
    random: () => 0.5,
    log: silentLogger,
    component: 'replicaset-controller',
  });
  return { ...made, client, clock, written };
}

describe('event recorder', () => {
  it('writes what core/v1 Events look like', async () => {
    const r = recorder();
    r.event(rs, 'Normal', 'SuccessfulCreate', 'Created pod: web-1');
    await r.flush();
    expect(r.written[0]!.body).toEqual({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: expect.stringMatching(/^web\.[0-9a-f]{14,16}$/), namespace: 'd' },
      involvedObject: {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        namespace: 'd',
        name: 'web',
        uid: 'u1',
        resourceVersion: '5',
      },
      reason: 'SuccessfulCreate',
      message: 'Created pod: web-1',
      source: { component: 'replicaset-controller' },
      firstTimestamp: '2023-11-14T22:13:20Z',
      lastTimestamp: '2023-11-14T22:13:20Z',
      count: 1,
      type: 'Normal',
      reportingComponent: 'replicaset-controller',
      reportingInstance: '',
    });
  });

  it('does not let one object wait for the answer about another', async () => {
    const answer = Promise.withResolvers<void>();
    const r = recorder();
    const slow = { ...rs, metadata: { ...rs.metadata, name: 'slow', uid: 'slow' } };
    const create = r.client.create;
    r.client.create = (async (resource: any, body: any) => {
      if (body.involvedObject.name === 'slow') await answer.promise;
      return create(resource, body);
    }) as typeof create;
    r.event(slow, 'Normal', 'First', 'm');
    r.event(slow, 'Normal', 'Second', 'm');
    r.event(rs, 'Normal', 'Third', 'm');
    await expect.poll(() => r.written.length).toBe(1);
    answer.resolve();
    await r.flush();
    expect(r.written.map((w) => w.body.reason)).toEqual(['Third', 'First', 'Second']);
  });

  it('counts up an equal one on the object it wrote', async () => {
    const r = recorder();
    for (let i = 0; i < 3; i++) r.event(rs, 'Warning', 'Bad', 'same');
    await r.flush();
    expect(r.written.map((w) => [w.verb, w.body.count])).toEqual([
      ['create', 1],
      ['patch', 2],
      ['patch', 3],
    ]);
    expect(new Set(r.written.map((w) => w.name)).size).toBe(1);
  });

  it('writes it anew when that object is gone', async () => {
    const r = recorder((verb) => {
      if (verb === 'patch') throw notFound(events, 'x');
    });
    r.event(rs, 'Warning', 'Bad', 'same');
    r.event(rs, 'Warning', 'Bad', 'same');
    await r.flush();
    expect(r.written.map((w) => [w.verb, w.body.count])).toEqual([
      ['create', 1],
      ['create', 2],
    ]);
  });

  it('combines similar ones from the tenth on, and starts over after ten quiet minutes', async () => {
    const r = recorder();
    for (let i = 0; i < 12; i++) r.event(rs, 'Normal', 'SuccessfulCreate', `Created pod: web-${i}`);
    await r.flush();
    expect(r.written.slice(0, 9).every((w) => w.verb === 'create')).toBe(true);
    expect(r.written.slice(9).map((w) => [w.verb, w.body.message])).toEqual([
      ['create', '(combined from similar events): Created pod: web-9'],
      ['patch', '(combined from similar events): Created pod: web-10'],
      ['patch', '(combined from similar events): Created pod: web-11'],
    ]);
    await r.clock.advance(601_000);
    r.event(rs, 'Normal', 'SuccessfulCreate', 'Created pod: late');
    await r.flush();
    expect(r.written.at(-1)!.body.message).toBe('Created pod: late');
  });

  it('holds back more than 25 about one object, then one in five minutes; others are not touched', async () => {
    const r = recorder();
    for (let i = 0; i < 40; i++) r.event(rs, 'Normal', `Reason${i}`, 'm');
    r.event({ ...rs, metadata: { ...rs.metadata, uid: 'u2' } }, 'Normal', 'Other', 'm');
    await r.flush();
    expect(r.written).toHaveLength(26);
    await r.clock.advance(300_000);
    r.event(rs, 'Normal', 'ReasonX', 'm');
    r.event(rs, 'Normal', 'ReasonY', 'm');
    await r.flush();
    expect(r.written).toHaveLength(27);
  });

  it('tries again while no answer comes, and takes a refusal as final', async () => {
    const r = recorder((_verb, calls) => {
      if (calls <= 2) throw new ConnectionError('refused');
    });
    r.event(rs, 'Normal', 'A', 'm');
    await r.clock.advance(5_000);
    await r.clock.advance(10_000);
    await r.flush();
    expect(r.written).toHaveLength(1);
    const refused = recorder(() => {
      throw notFound(events, 'ns');
    });
    refused.event(rs, 'Normal', 'A', 'm');
    await refused.flush();
    expect(refused.written).toHaveLength(0);
  });
});
