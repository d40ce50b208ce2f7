import { expect, it } from 'vitest';
import { kinds } from '../../../../apiserver/kinds/kinds.ts';
import { withoutPrivileged } from '../../../../apiserver/kinds/pod/privileged.ts';
import { startTestApiServer } from '../../../kit/apiServer.ts';
import { httpTo } from '../../../kit/http.ts';

const spec = {
  initContainers: [{ name: 'a' }],
  containers: [
    { name: 'b', securityContext: { privileged: true } },
    { name: 'c', securityContext: { privileged: false } },
  ],
};
const windows = (ofPod: object, ofContainer?: object) => ({
  securityContext: { windowsOptions: ofPod },
  containers: [{ name: 'c', securityContext: { windowsOptions: ofContainer } }],
});
const rows: [kind: string, object: object, field: string | undefined][] = [
  ['Pod', { spec }, 'spec.containers[0].securityContext.privileged'],
  ['PodTemplate', { template: { spec } }, 'template.spec.containers[0].securityContext.privileged'],
  ['Deployment', { spec: { template: { spec } } }, 'spec.template.spec.containers[0].securityContext.privileged'],
  [
    'CronJob',
    { spec: { jobTemplate: { spec: { template: { spec } } } } },
    'spec.jobTemplate.spec.template.spec.containers[0].securityContext.privileged',
  ],
  ['Pod', { spec: { containers: [{ name: 'c' }] } }, undefined],
  ['Pod', { spec: windows({ hostProcess: false }) }, undefined],
  ['ConfigMap', { spec }, undefined],
];

it.each(rows)('%s %#', (name, object, field) => {
  const kind = kinds.find((k) => k.kind === name)!;
  const errors = withoutPrivileged({ ...kind, validate: undefined }).validate?.(object) ?? [];
  expect(errors).toEqual(
    field ? [{ type: 'FieldValueForbidden', field, value: '', detail: 'disallowed by cluster policy' }] : [],
  );
});

it.each<[object, string[]]>([
  [windows({ hostProcess: true }), ['spec']],
  [windows({ hostProcess: true }, { hostProcess: false }), []],
  [windows({}, { hostProcess: true }), ['spec']],
])('a process of the node %j', (given, fields) => {
  const kind = withoutPrivileged({ ...kinds.find((k) => k.kind === 'Pod')!, validate: undefined });
  const detail = 'hostProcess containers are disallowed by cluster policy';
  expect(kind.validate!({ spec: given })).toEqual(
    fields.map((field) => ({ type: 'FieldValueForbidden', field, value: '', detail })),
  );
});

it('is what a server without --allow-privileged holds to', async () => {
  const server = await startTestApiServer({ flags: ['--allow-privileged=false'] });
  const http = httpTo(server);
  try {
    const base = '/api/v1/namespaces/default';
    await http(`${base}/serviceaccounts`, { body: { metadata: { name: 'default' } } });
    const pod = (privileged: boolean) => ({
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i', securityContext: { privileged } }] },
    });
    const refused = await http(`${base}/pods`, { body: pod(true) });
    expect([refused.code, refused.json.message]).toEqual([
      422,
      'Pod "p" is invalid: spec.containers[0].securityContext.privileged: Forbidden: disallowed by cluster policy',
    ]);
    expect((await http(`${base}/pods`, { body: pod(false) })).code).toBe(201);
    const ephemeralContainers = [{ name: 'e', image: 'i', securityContext: { privileged: true } }];
    const debug = await http(`${base}/pods/p/ephemeralcontainers`, {
      method: 'PATCH',
      type: 'application/strategic-merge-patch+json',
      body: { spec: { ephemeralContainers } },
    });
    expect([debug.code, debug.json.message]).toEqual([
      422,
      expect.stringContaining('spec.ephemeralContainers[0].securityContext.privileged: Forbidden'),
    ]);
  } finally {
    http.close();
    await server.stop();
  }
});
