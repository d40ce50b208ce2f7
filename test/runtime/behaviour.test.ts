// Pure parts of the simulated runtime: annotations, timelines, addresses, image names, log lines.
import { expect, test } from 'vitest';
import { parseRanges, resumeAfter, takeAddress } from '../../runtime/addresses.ts';
import { containerBehaviour, podBehaviour } from '../../runtime/behaviour.ts';
import { normalImage } from '../../runtime/images.ts';
import { logLine } from '../../runtime/logs.ts';
import { httpResult } from '../../runtime/responder.ts';
import { execResult, parseTimelines } from '../../runtime/timeline.ts';

const annotations = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([k, v]) => [`simulated.mini-k8s.io/${k}`, v]));

test('without annotations a container runs until stopped', () => {
  const b = containerBehaviour('app', 0, {});
  expect(b).toMatchObject({ exitAfter: undefined, stopAfter: 0, startDelay: 0, ports: undefined, http: [], exec: [] });
  expect(podBehaviour({})).toMatchObject({ sandboxDelay: 0, pullDelay: 0, pullError: undefined });
});

test.each([
  [{ 'exit-code': '3' }, 0, { exitAfter: 0, exitCode: 3 }],
  [{ 'exit-after': '1m30s' }, 0, { exitAfter: 90_000, exitCode: 0 }],
  [{ 'exit-after': '1s', 'exit-attempts': '2' }, 1, { exitAfter: 1000 }],
  [{ 'exit-after': '1s', 'exit-attempts': '2' }, 2, { exitAfter: undefined }],
  [{ 'exit-reason': 'OOMKilled' }, 0, { exitAfter: 0, exitCode: 137, exitReason: 'OOMKilled' }],
  [{ 'exit-code': '1', 'exit-code.app': '2', 'exit-code.other': '4' }, 0, { exitCode: 2 }],
  [{ 'exit-code': '3,4' }, 0, { exitCode: 3 }],
  [{ 'exit-if-file': '/data/foo' }, 0, { exitAfter: 0, exitCode: 0, exitIfFile: '/data/foo' }],
  [{ ports: '80, 8080' }, 0, { ports: [80, 8080] }],
  [{ ports: 'none' }, 0, { ports: [] }],
  [{ cpu: '250m', memory: '64Mi' }, 0, { cpu: 0.25, memory: 67_108_864 }],
])('%o on attempt %i', (values, attempt, wanted) => {
  expect(containerBehaviour('app', attempt, annotations(values))).toMatchObject(wanted);
});

test.each([
  ['0', 0],
  ['1', 1],
  ['5', 1],
])('the exit code of index %s of a Job', (index, exitCode) => {
  const pod = { ...annotations({ 'exit-code': '0,1' }), 'batch.kubernetes.io/job-completion-index': index };
  expect(containerBehaviour('app', 0, pod)).toMatchObject({ exitAfter: 0, exitCode });
});

test.each([
  [{ 'exit-code': '1,x' }, 'must be a whole number, or several with commas'],
  [{ 'exit-after': 'soon' }, 'annotation simulated.mini-k8s.io/exit-after: "soon" must be a duration'],
  [{ 'exit-code': '-1' }, 'must be a whole number'],
  [{ ports: '99999' }, 'must be ports such as 80,8080, or none'],
  [{ http: '200,9' }, '"9" is not a value it can have'],
  [{ http: '200@x' }, '"x" is not a duration'],
  [{ 'log-every': '0s' }, 'must be 1ms or longer'],
  [{ memory: 'much' }, 'must be a quantity'],
])('%o is refused', (values, message) => {
  expect(() => containerBehaviour('app', 0, annotations(values))).toThrow(message);
});

test('HTTP answers follow path, port and age; the longest key wins', () => {
  const t = parseTimelines('/healthz=200,500@10s; 8081/=503; 404', () => true);
  expect(httpResult(t, 80, '/healthz?x=1', 0)).toBe('200');
  expect(httpResult(t, 80, '/healthz', 10_000)).toBe('500');
  expect(httpResult(t, 8081, '/', 0)).toBe('503');
  expect(httpResult(t, 80, '/other', 0)).toBe('404');
  expect(httpResult([], 80, '/', 0)).toBe('200');
});

test('exec results follow command and age', () => {
  const t = parseTimelines('cat /tmp/ready=1,0@5s; sleep=hang', () => true);
  expect(execResult(t, 'cat /tmp/ready', 0)).toBe('1');
  expect(execResult(t, 'cat /tmp/ready', 6000)).toBe('0');
  expect(execResult(t, 'sleep 5', 0)).toBe('hang');
  expect(execResult(t, 'true', 0)).toBe('0');
});

test('addresses go up through the range, around, and past the taken ones', () => {
  const [range] = parseRanges('10.244.3.0/29');
  const taken = new Set<string>();
  const take = () => {
    const ip = takeAddress(range!, (ip) => taken.has(ip));
    if (ip) taken.add(ip);
    return ip;
  };
  expect([take(), take(), take(), take(), take()]).toEqual([2, 3, 4, 5, 6].map((n) => `10.244.3.${n}`));
  expect(take()).toBeUndefined();
  taken.delete('10.244.3.4');
  taken.delete('10.244.3.2');
  resumeAfter(range!, '10.244.3.3');
  expect([take(), take()]).toEqual(['10.244.3.4', '10.244.3.2']);
});

test('dual stack, and what is no range', () => {
  const ranges = parseRanges('10.0.0.0/24, fd00:1::/64');
  expect(ranges.map((r) => takeAddress(r, () => false))).toEqual(['10.0.0.2', 'fd00:1::2']);
  for (const bad of ['', '10.0.0.0', '10.0.0.0/31', 'x/24']) expect(() => parseRanges(bad)).toThrow('no address range');
});

test.each([
  ['nginx', { repository: 'docker.io/library/nginx', tag: 'latest' }],
  ['a/b:1', { repository: 'docker.io/a/b', tag: '1' }],
  ['localhost:5000/x', { repository: 'localhost:5000/x', tag: 'latest' }],
  [`r.io/x@sha256:${'a'.repeat(64)}`, { repository: 'r.io/x', digest: `sha256:${'a'.repeat(64)}` }],
])('image %s', (name, wanted) => {
  expect(normalImage(name)).toMatchObject(wanted);
});

test.each(['', 'UPPER', 'a b', 'x:', '-x', 'a//b@'])('image name "%s" is refused', (name) => {
  expect(() => normalImage(name)).toThrow('invalid reference format');
});

test('log lines are in the CRI format', () => {
  expect(logLine(1_700_000_000_123_456, 'stderr', 'hello')).toBe('2023-11-14T22:13:20.123456000Z stderr F hello\n');
});
