// Command lines that others have for upstream's kube-apiserver: flags that only tune are taken.
import { expect, it } from 'vitest';
import { accepted } from '../../apiserver/acceptedFlags.ts';
import { flags } from '../../apiserver/flags.ts';
import { parseFlags } from '../../component-base/flags.ts';

it.each([
  ['--logging-format=json', '--v=2', '--vmodule=a=1', '--log-flush-frequency=5s'],
  ['--default-watch-cache-size=100', '--watch-cache-sizes=pods#1000,nodes#10', '--delete-collection-workers=3'],
  ['--etcd-healthcheck-timeout=2s', '--storage-initialization-timeout=1m', '--endpoint-reconciler-type=lease'],
  ['--enable-garbage-collector=true', '--enable-priority-and-fairness=false', '--contention-profiling'],
  ['--kubelet-timeout=5s', '--livez-grace-period=10s', '--shutdown-send-retry-after', '--permit-port-sharing=true'],
])('%s %s', (...argv) => {
  expect(() => parseFlags(flags, argv)).not.toThrow();
});

it('what has a meaning is no row of those that have none', () => {
  for (const [name, row] of Object.entries(accepted)) expect(flags[name as keyof typeof flags]).toBe(row);
});

it('what this server does not do is refused', () => {
  expect(() => parseFlags(flags, ['--endpoint-reconciler-type=none'])).toThrow('must be one of lease');
  expect(() => parseFlags(flags, ['--insecure-port=8080'])).toThrow('unknown flag: --insecure-port');
});
