import { readFileSync } from 'node:fs';
import https from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerStats, PodSandboxStats } from '../../cri/types.ts';
import { resourceText } from '../../kubelet/server/resourceMetrics.ts';
import { until } from '../kit/apiServer.ts';
import { startTestNode, type TestNode } from './testNode.ts';

const ms = 1_700_000_000_000;
const timestamp = BigInt(ms) * 1_000_000n;
const labels = (pod: string, container?: string) => ({
  'io.kubernetes.pod.name': pod,
  'io.kubernetes.pod.namespace': 'd',
  'io.kubernetes.pod.uid': pod,
  ...(container ? { 'io.kubernetes.container.name': container } : {}),
});
const used = (seconds: number, bytes: number) => ({
  cpu: { timestamp, usageCoreNanoSeconds: { value: BigInt(seconds * 1e9) } },
  memory: { timestamp, workingSetBytes: { value: BigInt(bytes) } },
});
const container = (id: string, pod: string, name: string, seconds: number, bytes: number, more: object = {}) =>
  ({ attributes: { id, labels: labels(pod, name) }, ...used(seconds, bytes), ...more }) as unknown as ContainerStats;
const sandbox = (pod: string, seconds: number, bytes: number) =>
  ({ attributes: { id: pod, labels: labels(pod) }, linux: used(seconds, bytes) }) as unknown as PodSandboxStats;

describe('what is used, as text', () => {
  const node = { cpuSeconds: 12.5, memoryBytes: 1000, at: ms };

  it('has the names, the help and the times of upstream', () => {
    const text = resourceText({
      node,
      containers: [container('i', 'p', 'c', 1.5, 200)],
      sandboxes: [sandbox('p', 2, 300)],
      started: new Map([['i', BigInt(ms - 2500) * 1_000_000n]]),
    });
    expect(text.split('\n')).toEqual([
      '# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds',
      '# TYPE container_cpu_usage_seconds_total counter',
      `container_cpu_usage_seconds_total{container="c",namespace="d",pod="p"} 1.5 ${ms}`,
      '# HELP container_memory_working_set_bytes [STABLE] Current working set of the container in bytes',
      '# TYPE container_memory_working_set_bytes gauge',
      `container_memory_working_set_bytes{container="c",namespace="d",pod="p"} 200 ${ms}`,
      '# HELP container_start_time_seconds [STABLE] Start time of the container since unix epoch in seconds',
      '# TYPE container_start_time_seconds gauge',
      `container_start_time_seconds{container="c",namespace="d",pod="p"} ${(ms - 2500) / 1000}`,
      '# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in core-seconds',
      '# TYPE node_cpu_usage_seconds_total counter',
      `node_cpu_usage_seconds_total 12.5 ${ms}`,
      '# HELP node_memory_working_set_bytes [STABLE] Current working set of the node in bytes',
      '# TYPE node_memory_working_set_bytes gauge',
      `node_memory_working_set_bytes 1000 ${ms}`,
      '# HELP pod_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pod in core-seconds',
      '# TYPE pod_cpu_usage_seconds_total counter',
      `pod_cpu_usage_seconds_total{namespace="d",pod="p"} 2 ${ms}`,
      '# HELP pod_memory_working_set_bytes [STABLE] Current working set of the pod in bytes',
      '# TYPE pod_memory_working_set_bytes gauge',
      `pod_memory_working_set_bytes{namespace="d",pod="p"} 300 ${ms}`,
      '# HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
      '# TYPE resource_scrape_error gauge',
      'resource_scrape_error 0',
      '# HELP scrape_error [ALPHA] (Deprecated since 1.29.0) 1 if there was an error while getting container metrics, 0 otherwise',
      '# TYPE scrape_error gauge',
      'scrape_error 0',
      '',
    ]);
  });

  it('of containers of one name the newest, of strangers nothing, swap where it is known', () => {
    const swap = { swap: { timestamp, swapUsageBytes: { value: 7n } } };
    const text = resourceText({
      node,
      containers: [
        container('new', 'p', 'c', 1, 1, swap),
        container('old', 'p', 'c', 9, 9),
        { ...container('x', 'p', 'c', 5, 5), attributes: { id: 'x', labels: {} } } as never,
        container('bare', 'p', 'bare', 0, 0, { cpu: null, memory: null }),
      ],
      sandboxes: [],
      started: new Map([
        ['new', 2n],
        ['old', 1n],
      ]),
    });
    const lines = text.split('\n').filter((line) => line.startsWith('container_') && !line.includes('start_time'));
    expect(lines).toEqual([
      `container_cpu_usage_seconds_total{container="c",namespace="d",pod="p"} 1 ${ms}`,
      `container_memory_working_set_bytes{container="c",namespace="d",pod="p"} 1 ${ms}`,
      `container_swap_usage_bytes{container="c",namespace="d",pod="p"} 7 ${ms}`,
    ]);
  });

  it('without an answer of the runtime says that alone', () => {
    const samples = resourceText(undefined)
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
    expect(samples).toEqual(['resource_scrape_error 1', 'scrape_error 1']);
  });
});

describe('of a node', () => {
  let node: TestNode;
  beforeAll(async () => {
    node = await startTestNode();
  });
  afterAll(async () => node?.stop());

  const get = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const read = (file: string) => readFileSync(`${node.api.folder}/pki/${file}`);
      const credentials = { cert: read('apiserver-kubelet-client.crt'), key: read('apiserver-kubelet-client.key') };
      https
        .get({ host: '127.0.0.1', port: node.port(), path, rejectUnauthorized: false, ...credentials }, (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (part) => {
            text += part;
          });
          answer.on('end', () => resolve(text));
        })
        .on('error', reject);
    });

  it('a simulated container uses what its annotations say, and the counter of CPU time grows', async () => {
    const pod = await node.run('busy', undefined, { cpu: '500m', memory: '64Mi' });
    const name = pod.spec!.containers[0]!.name;
    await node.until('busy', (p) => p.status?.phase === 'Running');
    const of = (text: string, metric: string, container = `container="${name}",`) => {
      const line = text.split('\n').find((l) => l.startsWith(`${metric}{${container}namespace="default",pod="busy"}`));
      return line === undefined ? Number.NaN : Number(line.split(' ')[1]);
    };
    let text = '';
    await until(async () => {
      text = await get('/metrics/resource');
      return of(text, 'container_cpu_usage_seconds_total') > 0;
    });
    const first = of(text, 'container_cpu_usage_seconds_total');
    expect(of(text, 'pod_cpu_usage_seconds_total', '')).toBeGreaterThan(0);
    const started = of(text, 'container_start_time_seconds');
    expect(Math.abs(started - Date.now() / 1000)).toBeLessThan(60);
    expect(of(text, 'container_memory_working_set_bytes')).toBe(64 * 2 ** 20);
    expect(text).toMatch(/^node_cpu_usage_seconds_total \d/m);
    expect(text).toMatch(/^resource_scrape_error 0$/m);
    await until(async () => of(await get('/metrics/resource'), 'container_cpu_usage_seconds_total') > first);
  });
});
