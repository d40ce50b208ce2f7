import { describe, expect, it } from 'vitest';
import type { WriteRecord } from '../../apimachinery/trace.ts';
import { causalTree } from '../../cli/trace/causalTree.ts';
import { printTree } from '../../cli/trace/printTree.ts';

let at = 0;
const write = (
  rv: number,
  verb: string,
  resource: string,
  name: string,
  user: string,
  causes?: string[],
  more: Partial<WriteRecord> = {},
): WriteRecord => ({
  apiVersion: 'trace.mini-k8s.io/v1',
  kind: 'Write',
  metadata: { name: `w-${String(rv).padStart(6, '0')}-${at++}`, resourceVersion: String(rv) },
  verb,
  resource,
  namespace: 'default',
  name,
  user,
  causes,
  time: new Date(1000 + rv).toISOString(),
  ...more,
});

const target = { resource: 'deployments.apps', namespace: 'default', name: 'web' };
const chain = [
  write(10, 'create', 'deployments.apps', 'web', 'kubernetes-admin', undefined, { component: 'kubectl/v1.33.1' }),
  write(11, 'create', 'replicasets.apps', 'web-1', 'system:serviceaccount:kube-system:deployment-controller', [
    'deployments.apps/default/web@10',
  ]),
  write(12, 'create', 'pods', 'web-1-a', 'system:serviceaccount:kube-system:replicaset-controller', [
    'replicasets.apps/default/web-1@11',
  ]),
  write(13, 'create', 'pods', 'web-1-b', 'system:serviceaccount:kube-system:replicaset-controller', [
    'replicasets.apps/default/web-1@11',
  ]),
  write(14, 'create', 'pods', 'other', 'bob'),
  write(15, 'create', 'pods', 'web-1-a', 'system:kube-scheduler', ['pods/default/web-1-a@12'], {
    subresource: 'binding',
  }),
  write(16, 'RunPodSandbox', 'pods', 'web-1-a', 'system:node:n1', ['pods/default/web-1-a@15'], {
    span: true,
    durationMs: 12,
  }),
  write(16, 'delete', 'pods', 'web-1-b', 'someone'),
  write(17, 'patch', 'deployments.apps', 'web', 'eve', ['timer']),
  write(18, 'patch', 'deployments.apps', 'web', 'mallory', ['pods/default/gone@3', 'pods/default/other@14']),
];

describe('causalTree', () => {
  it('hangs each hop under its recorded cause and leaves others out', () => {
    const roots = causalTree(chain, target);
    expect(roots.map((r) => [r.record.user, r.because])).toEqual([
      ['kubernetes-admin', { kind: 'none' }],
      ['someone', { kind: 'none' }],
      ['eve', { kind: 'word', text: 'timer' }],
      ['mallory', { kind: 'event', text: 'pods/default/gone@3' }],
    ]);
    const rs = roots[0]!.children[0]!;
    expect(rs.children.map((h) => h.record.name)).toEqual(['web-1-a', 'web-1-b']);
    expect(rs.children[0]!.children[0]!.children[0]!.record.verb).toBe('RunPodSandbox');
  });
  it('does not depend on the order in which records come', () => {
    expect(causalTree([...chain].reverse(), target)).toEqual(causalTree(chain, target));
  });
  it('does not count the removal of Events among the hops', () => {
    const event = write(19, 'create', 'events', 'web.1', 'dc', ['deployments.apps/default/web@10']);
    const told = [...chain, event];
    expect(printTree(causalTree([...told, write(20, 'delete', 'events', 'web.1', 'eve')], target))).toEqual(
      printTree(causalTree(told, target)),
    );
  });
  it('prints who, what and why', () => {
    expect(printTree(causalTree(chain, target))).toEqual([
      '     +0ms  create deployments/web  by kubernetes-admin (kubectl)  no recorded cause',
      '     +1ms  └─ create replicasets/web-1  by deployment-controller  because of deployments/web@10',
      '     +2ms     ├─ create pods/web-1-a  by replicaset-controller  because of replicasets/web-1@11',
      '     +5ms     │  └─ create pods/web-1-a (binding)  by system:kube-scheduler  because of pods/web-1-a@12',
      '     +6ms     │     └─ [RunPodSandbox] pods/web-1-a in 12ms  by system:node:n1  because of pods/web-1-a@15',
      '     +3ms     └─ create pods/web-1-b  by replicaset-controller  because of replicasets/web-1@11',
      '     +6ms  delete pods/web-1-b  by someone  no recorded cause',
      '     +7ms  patch deployments/web  by eve  because of timer',
      '     +8ms  patch deployments/web  by mallory  because of pods/gone@3 and 1 more',
    ]);
  });
});
