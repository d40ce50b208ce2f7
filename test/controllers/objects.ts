// Short makers of objects for controller tests.
import type { Deployment, Pod, ReplicaSet } from '../../apimachinery/types.ts';

export const at = (seconds: number): string =>
  `${new Date(1_700_000_000_000 + seconds * 1000).toISOString().slice(0, 19)}Z`;
export const now = 1_700_000_000_000;

export interface PodOptions {
  node?: string;
  phase?: string;
  /** Seconds since `now` at which it became ready; absent: not ready. */
  ready?: number;
  created?: number;
  restarts?: number;
  cost?: string;
  labels?: Record<string, string>;
  deleting?: boolean;
  owner?: string;
  uid?: string;
}

export function makePod(name: string, o: PodOptions = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'd',
      uid: o.uid ?? name,
      labels: o.labels ?? { app: 'web' },
      creationTimestamp: at(o.created ?? -100),
      ...(o.cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': o.cost } }),
      ...(o.deleting ? { deletionTimestamp: at(0) } : {}),
      ...(o.owner
        ? {
            ownerReferences: [
              { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: o.owner, uid: o.owner, controller: true },
            ],
          }
        : {}),
    },
    spec: { containers: [{ name: 'c' }], ...(o.node ? { nodeName: o.node } : {}) },
    status: {
      phase: o.phase ?? 'Running',
      conditions: [
        { type: 'Ready', status: o.ready === undefined ? 'False' : 'True', lastTransitionTime: at(o.ready ?? 0) },
      ],
      containerStatuses: [
        { name: 'c', restartCount: o.restarts ?? 0, image: '', imageID: '', ready: o.ready !== undefined },
      ],
    },
  } as Pod;
}

export interface RsOptions {
  replicas?: number;
  /** status.replicas, -available, -ready; default: all of `replicas`. */
  actual?: number;
  available?: number;
  image?: string;
  created?: number;
  annotations?: Record<string, string>;
  minReadySeconds?: number;
  hash?: string;
  status?: object;
}

export function makeRs(name: string, o: RsOptions = {}): ReplicaSet {
  const replicas = o.replicas ?? 1;
  const labels = { app: 'web', ...(o.hash ? { 'pod-template-hash': o.hash } : {}) };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: 'd',
      uid: name,
      generation: 1,
      creationTimestamp: at(o.created ?? 0),
      annotations: o.annotations,
      labels,
    },
    spec: {
      replicas,
      minReadySeconds: o.minReadySeconds,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: o.image ?? 'v1' }] } },
    },
    status: {
      replicas: o.actual ?? replicas,
      readyReplicas: o.available ?? replicas,
      availableReplicas: o.available ?? replicas,
      observedGeneration: 1,
      terminatingReplicas: 0,
      ...o.status,
    },
  } as ReplicaSet;
}

export interface DeploymentOptions {
  replicas?: number;
  maxSurge?: number | string;
  maxUnavailable?: number | string;
  recreate?: boolean;
  image?: string;
  annotations?: Record<string, string>;
  deadline?: number;
  historyLimit?: number;
  paused?: boolean;
  status?: object;
}

export function makeDeployment(o: DeploymentOptions = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'd', uid: 'web', generation: 1, annotations: o.annotations },
    spec: {
      replicas: o.replicas ?? 10,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: o.image ?? 'v1' }] } },
      strategy: o.recreate
        ? { type: 'Recreate' }
        : {
            type: 'RollingUpdate',
            rollingUpdate: { maxSurge: o.maxSurge ?? '25%', maxUnavailable: o.maxUnavailable ?? '25%' },
          },
      progressDeadlineSeconds: o.deadline ?? 600,
      revisionHistoryLimit: o.historyLimit ?? 10,
      ...(o.paused ? { paused: true } : {}),
    },
    status: o.status ?? {},
  } as Deployment;
}
