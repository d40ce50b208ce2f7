import { expect, test } from 'vitest';
import { type Row, refused } from './pods.ts';

const live = (livenessProbe: any) => (spec: any) => Object.assign(spec.containers[0], { livenessProbe });
const hook = (preStop: any) => (spec: any) => Object.assign(spec.containers[0], { lifecycle: { preStop } });
const at = 'spec.containers[0].livenessProbe';

test.each<Row>([
  ['http by number', live({ httpGet: { port: 80 } }), []],
  ['tcp by name', live({ tcpSocket: { port: 'web' } }), []],
  ['grpc', live({ grpc: { port: 9000 } }), []],
  ['no handler', live({}), [`${at}: Required value: must specify a handler type`]],
  [
    'two handlers',
    live({ exec: { command: ['a'] }, httpGet: { port: 1 } }),
    [`${at}.httpGet: Forbidden: may not specify more than 1 handler type`],
  ],
  ['empty command', live({ exec: {} }), [`${at}.exec.command: Required value`]],
  [
    'port zero',
    live({ httpGet: { port: 0 } }),
    [`${at}.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive`],
  ],
  [
    'port name',
    live({ httpGet: { port: '80' } }),
    [`${at}.httpGet.port: Invalid value: "80": must contain at least one letter (a-z)`],
  ],
  [
    'scheme',
    live({ httpGet: { port: 1, scheme: 'FTP' } }),
    [`${at}.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"`],
  ],
  [
    'header',
    live({ httpGet: { port: 1, httpHeaders: [{ name: 'a b', value: '' }] } }),
    [
      `${at}.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
    ],
  ],
  [
    'negative',
    live({ httpGet: { port: 1 }, initialDelaySeconds: -1 }),
    [`${at}.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0`],
  ],
  [
    'success threshold',
    live({ httpGet: { port: 1 }, successThreshold: 2 }),
    [`${at}.successThreshold: Invalid value: 2: must be 1`],
  ],
  [
    'own grace of readiness',
    (spec) =>
      Object.assign(spec.containers[0], { readinessProbe: { httpGet: { port: 1 }, terminationGracePeriodSeconds: 1 } }),
    [
      'spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes',
    ],
  ],
  ['sleep', hook({ sleep: { seconds: 5 } }), []],
  [
    'sleep past grace',
    hook({ sleep: { seconds: 31 } }),
    [
      'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
    ],
  ],
])('%s', (_what, change, expected) => {
  expect(refused(change)).toEqual(expected);
});
