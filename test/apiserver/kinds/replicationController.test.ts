import { expect, test } from 'vitest';
import type { Context, Kind } from '../../../apiserver/kinds/kind.ts';
import { replicationController } from '../../../apiserver/kinds/replicationController.ts';
import { storedTemplate } from '../../../apiserver/kinds/storedTemplate.ts';
import { cells, created, made, texts } from './said.ts';
import { type Change, inTemplate, same, set, template } from './sample.ts';

function one(change: Change = same): any {
  const whole: any = { metadata: {}, spec: { template: template() } };
  change(whole.spec, whole);
  const { metadata, ...fields } = whole;
  return made(replicationController, fields, metadata);
}
const sub = (kind: Kind, name: string) => kind.subresources!.find((s) => s.name === name)!;

test('selector and labels are the template’s unless they are given', () => {
  const object = one();
  expect([object.spec.replicas, object.spec.selector, object.metadata.labels]).toEqual([
    1,
    { app: 'web' },
    { app: 'web' },
  ]);
  const own = one((spec, whole) => {
    spec.selector = { tier: 'front' };
    whole.metadata.labels = { a: 'b' };
  });
  expect([own.spec.selector, own.metadata.labels]).toEqual([{ tier: 'front' }, { a: 'b' }]);
});

test.each<[string, Change, string[]]>([
  ['fine', same, []],
  ['none', set({ replicas: 0 }), []],
  ['replicas', set({ replicas: -1 }), ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
  [
    'seconds',
    set({ minReadySeconds: -1 }),
    ['spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0'],
  ],
  ['no template', set({ template: undefined }), ['spec.selector: Required value', 'spec.template: Required value']],
  [
    'selector of others',
    set({ selector: { app: 'db' } }),
    ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
  ],
  ['no containers', inTemplate({ containers: [] }), ['spec.template.spec.containers: Required value']],
  [
    'restart policy',
    inTemplate({ restartPolicy: 'Never' }),
    ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
  ],
  [
    'deadline',
    inTemplate({ activeDeadlineSeconds: 1 }),
    [
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported',
    ],
  ],
])('%s', (_what, change, expected) => {
  expect(created(replicationController, one(change))).toEqual(expected);
});

test.each<[any, string[]]>([
  [{ replicas: 1, readyReplicas: 1, availableReplicas: 1, fullyLabeledReplicas: 1 }, []],
  [{ observedGeneration: -1 }, ['status.observedGeneration: Invalid value: -1: must be greater than or equal to 0']],
  [
    { replicas: 0, readyReplicas: 1 },
    ['status.readyReplicas: Invalid value: 1: cannot be greater than status.replicas'],
  ],
  [
    { replicas: 1, availableReplicas: 1 },
    ['status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas'],
  ],
])('%#: status', (status, expected) => {
  expect(texts(sub(replicationController, 'status').validateUpdate!({ ...one(), status }, one()))).toEqual(expected);
});

test('scale, strategy and columns', () => {
  const object = one(set({ replicas: 3 }));
  expect(sub(replicationController, 'scale').view!({ ...object, status: { replicas: 2 } })).toMatchObject({
    spec: { replicas: 3 },
    status: { replicas: 2, selector: 'app=web' },
  });
  replicationController.prepareCreate!(object, {} as Context);
  expect(object.status).toEqual({ replicas: 0 });
  expect(replicationController.defaultPropagation).toBe('Orphan');
  expect(replicationController.storage).toBe('controllers');
  expect(cells(replicationController, object)).toMatchObject({ Desired: 3, Current: 0, Ready: 0, Selector: 'app=web' });
  object.metadata.name = 'a.b';
  expect(replicationController.warnings!(object, undefined)).toEqual([
    expect.stringContaining('Pod names and hostnames'),
  ]);
  const old = one(inTemplate({ nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }));
  expect(replicationController.warnings!({ ...object, metadata: { generation: 2 } }, old)).toEqual([
    expect.stringContaining('spec.template.spec.nodeSelector[beta.kubernetes.io/os]'),
  ]);
});

const stored = (more: any = {}) => made(storedTemplate, { template: template(more) });
test('PodTemplate: the rules of templates, and a generation', () => {
  expect(created(storedTemplate, stored())).toEqual([]);
  expect(created(storedTemplate, stored({ containers: [] }))).toEqual(['template.spec.containers: Required value']);
  expect(stored().template.spec.restartPolicy).toBe('Always');
  const grows = storedTemplate.generation as (a: any, b: any) => boolean;
  expect([grows(stored(), stored()), grows(stored({ hostNetwork: true }), stored())]).toEqual([false, true]);
  expect(cells(storedTemplate, stored())).toMatchObject({
    Containers: 'c',
    Images: 'nginx:1',
    'Pod Labels': 'app=web',
  });
  const node = stored({ nodeSelector: { 'beta.kubernetes.io/os': 'linux' } });
  expect(storedTemplate.warnings!(node, undefined)).toEqual([
    'template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
  ]);
  expect(storedTemplate.warnings!(node, node)).toEqual([]);
});
