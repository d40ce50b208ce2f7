// Objects that validation of today would refuse, as an older server or a hand in the store may have left them, and pods whose owners are of no
// kind that there is, beside sound ones: these are served all the same, by every workload controller.
import { expect, it } from 'vitest';
import {
  controllerRevisions,
  cronJobs,
  daemonSets,
  deployments,
  jobs,
  nodes,
  persistentVolumeClaims,
  pods,
  type Resource,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../../../apimachinery/resources.ts';
import { cronJobController } from '../../../controllers/cronJob/cronJob.ts';
import { daemonSetController } from '../../../controllers/daemonSet/daemonSet.ts';
import { deploymentController } from '../../../controllers/deployment/deployment.ts';
import { jobController } from '../../../controllers/job/job.ts';
import { replicaSetController, replicationControllerController } from '../../../controllers/replicaSet/replicaSet.ts';
import { statefulSetController } from '../../../controllers/statefulSet/statefulSet.ts';
import { act, isOf, serves } from './agents.ts';
import { timeLimit, World } from './world.ts';

const kinds: Record<string, { r: Resource<any>; controllers: (() => any)[] }> = {
  Deployment: { r: deployments, controllers: [() => deploymentController(), () => replicaSetController()] },
  ReplicaSet: { r: replicaSets, controllers: [() => replicaSetController()] },
  ReplicationController: { r: replicationControllers, controllers: [() => replicationControllerController()] },
  StatefulSet: {
    r: statefulSets,
    controllers: [() => statefulSetController({ workers: 1, maxUnavailable: true })],
  },
  DaemonSet: { r: daemonSets, controllers: [() => daemonSetController()] },
  Job: { r: jobs, controllers: [() => jobController()] },
  CronJob: { r: cronJobs, controllers: [() => cronJobController()] },
};

const template = (app: string) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'c', image: 'v' }] },
});
const matching = (app: string) => ({ matchLabels: { app } });

function sound(kind: string): any {
  const common = { replicas: 2, selector: matching('sound'), template: template('sound') };
  if (kind === 'ReplicationController') return { ...common, selector: { app: 'sound' } };
  if (kind === 'Job') return { ...common, parallelism: 2, completions: 2, backoffLimit: 3 };
  if (kind === 'CronJob') return { schedule: '* * * * *', jobTemplate: { spec: { template: template('sound') } } };
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } };
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } };
  return { ...common, ...(kind === 'Deployment' ? { strategy } : { updateStrategy }) };
}

/** Each is wrong in one way. */
function broken(kind: string): any[] {
  const whole = { ...sound(kind), template: template('broken') };
  const bad = { matchExpressions: [{ key: 'app', operator: 'Bogus', values: ['x'] }] };
  if (kind === 'CronJob')
    return [
      { ...whole, schedule: 'now and then' },
      { ...whole, timeZone: 'Nowhere/At-All' },
      { ...whole, jobTemplate: undefined },
      undefined,
    ];
  return [
    { ...whole, selector: bad },
    // Without a selector it would make pods for ever and own none.
    { ...whole, selector: undefined, replicas: 0, parallelism: 0 },
    { ...whole, selector: matching('broken'), template: undefined },
    undefined,
  ];
}

it.each(Object.keys(kinds))('a broken %s is in nobody’s way', { timeout: timeLimit }, async (kind) => {
  const { r, controllers } = kinds[kind]!;
  const all = [
    controllerRevisions,
    persistentVolumeClaims,
    nodes,
    pods,
    replicaSets,
    jobs,
    deployments,
    r,
  ] as Resource<any>[];
  const world = new World({
    seed: 1,
    broken: true,
    resources: [...new Set(all)],
    controllers,
    happen: (w) => act(w, { nodes: () => ['n1', 'n2', 'n3'] }),
    check: () => {},
  });
  const { store } = world;
  for (const name of ['n1', 'n2']) store.create(nodes, { metadata: { name }, spec: {} });
  for (const [i, spec] of broken(kind).entries())
    store.create(r, { metadata: { name: `broken-${i}`, namespace: 'd' }, spec });
  for (const [i, owner] of ['Nonesuch', kind].entries()) {
    const ownerReferences = [
      { apiVersion: 'example.com/v1', kind: owner, name: 'missing', uid: 'missing', controller: true },
    ];
    const metadata = { name: `stray-${i}`, namespace: 'd', labels: { app: 'sound' }, ownerReferences };
    store.create(pods, { metadata, spec: template('sound').spec });
  }
  store.create(r, { metadata: { name: 'sound', namespace: 'd' }, spec: sound(kind) });
  world.start();
  world.pass(90_000);
  await world.settle(400);
  const [own] = store.all(r).filter((o) => o.metadata.name === 'sound');
  const made = () => {
    const owners = [own, ...store.all(replicaSets).filter(isOf(own))];
    return store.all(kind === 'CronJob' ? jobs : pods).filter((o) => owners.some((owner) => isOf(owner)(o)));
  };
  if (kind === 'CronJob') {
    expect(made().length).toBeGreaterThanOrEqual(1);
    return;
  }
  expect(made().map(serves)).toEqual([true, true]);
  // What comes later wakes the sound one too, though the broken ones are asked first whether it concerns them.
  const labels = { app: 'sound' };
  if (kind === 'DaemonSet') store.create(nodes, { metadata: { name: 'n3' }, spec: {} });
  else if (kind === 'Deployment')
    store.create(replicaSets, {
      metadata: { name: 'orphan', namespace: 'd', labels },
      spec: { ...sound(kind), replicas: 0 },
    });
  else store.create(pods, { metadata: { name: 'sound-7', namespace: 'd', labels }, spec: template('sound').spec });
  await world.settle(400);
  if (kind === 'DaemonSet') expect(made().length).toBe(3);
  else if (kind === 'Deployment')
    expect(
      store
        .all(replicaSets)
        .filter((o) => o.metadata.name === 'orphan')
        .every(isOf(own)),
    ).toBe(true);
  else
    expect(
      store
        .all(pods)
        .filter((p) => p.metadata.name === 'sound-7')
        .every(isOf(own)),
    ).toBe(true);
});
