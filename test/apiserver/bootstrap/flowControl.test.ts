// Flow control's own objects on a real server: there when it is ready, put right again, and each schema says whether its level is there.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { revise } from '../../../apiserver/bootstrap/flowControl.ts';
import { suggestedLevels } from '../../../apiserver/kinds/flowControl/bootstrapObjects.ts';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type Http, httpTo } from '../../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

const base = '/apis/flowcontrol.apiserver.k8s.io/v1';

test('they are there when the server is ready', async () => {
  let schemas = (await http(`${base}/flowschemas`)).json.items;
  expect(schemas.map((each: any) => each.metadata.name).toSorted()).toEqual([
    'catch-all',
    'endpoint-controller',
    'exempt',
    'global-default',
    'kube-controller-manager',
    'kube-scheduler',
    'kube-system-service-accounts',
    'probes',
    'service-accounts',
    'system-leader-election',
    'system-node-high',
    'system-nodes',
    'workload-leader-election',
  ]);
  expect(schemas.every((each: any) => each.metadata.annotations['apf.kubernetes.io/autoupdate-spec'] === 'true')).toBe(
    true,
  );
  // Whether they dangle is looked at beside all else.
  await until(async () => {
    schemas = (await http(`${base}/flowschemas`)).json.items;
    return schemas.every((each: any) => each.status.conditions?.length);
  });
  expect(schemas.map((each: any) => each.status.conditions[0])).toEqual(
    schemas.map((each: any) => ({
      type: 'Dangling',
      status: 'False',
      lastTransitionTime: expect.any(String),
      reason: 'Found',
      message: `This FlowSchema references the PriorityLevelConfiguration object named "${each.spec.priorityLevelConfiguration.name}" and it exists`,
    })),
  );
  const levels = (await http(`${base}/prioritylevelconfigurations`)).json.items;
  expect(levels.map((each: any) => each.metadata.name).toSorted()).toEqual([
    'catch-all',
    'exempt',
    'global-default',
    'leader-election',
    'node-high',
    'system',
    'workload-high',
    'workload-low',
  ]);
});

test('a table shows them in the order in which they are tried', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const { rows } = (await http(`${base}/flowschemas`, { accept })).json;
  expect(rows.slice(0, 3).map((row: any) => row.cells[0])).toEqual(['exempt', 'probes', 'system-leader-election']);
  expect(rows.at(-1).cells[0]).toBe('catch-all');
});

test('a schema without its level dangles', async () => {
  const spec = { priorityLevelConfiguration: { name: 'gone' } };
  await http(`${base}/flowschemas`, { body: { metadata: { name: 'lost' }, spec } });
  const condition = async () => (await http(`${base}/flowschemas/lost`)).json.status.conditions?.[0];
  await until(async () => (await condition())?.status === 'True');
  expect(await condition()).toMatchObject({
    reason: 'NotFound',
    message:
      'This FlowSchema references the PriorityLevelConfiguration object named "gone" but there is no such object',
  });
});

test('what is mandatory cannot be changed', async () => {
  const { json } = await http(`${base}/flowschemas/exempt`);
  const refused = await http(`${base}/flowschemas/exempt`, {
    method: 'PUT',
    body: { ...json, spec: { ...json.spec, rules: [] } },
  });
  expect([refused.code, refused.json.message]).toEqual([
    422,
    expect.stringContaining("spec of 'exempt' must equal the fixed value"),
  ]);
});

const wanted = suggestedLevels[0]!;
const stored = (metadata: any, spec: any = wanted.spec): any => ({ metadata: { name: 'system', ...metadata }, spec });
const key = 'apf.kubernetes.io/autoupdate-spec';
const own = { type: 'Exempt' };
test.each<[string, any, any, boolean, string, boolean]>([
  ['as it should be', { annotations: { [key]: 'true' } }, wanted.spec, false, 'true', true],
  ['an old spec', { annotations: { [key]: 'true' } }, own, true, 'true', true],
  ['taken over', { annotations: { [key]: 'false' } }, own, false, 'false', false],
  ['never changed', { generation: 1 }, own, true, 'true', true],
  ['changed by hand', { generation: 2 }, own, true, 'false', false],
])('%s', (_what, metadata, spec, changed, annotation, ours) => {
  const object = stored(metadata, spec);
  expect(revise(object, wanted, false)).toBe(changed);
  expect([object.metadata.annotations[key], object.spec.type === 'Limited']).toEqual([annotation, ours]);
});
