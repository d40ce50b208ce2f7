// Nodes for the network's tests, and pods made as a runtime makes them: by calling the CNI plugins of a configuration list.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Node } from '../../../apimachinery/types.ts';
import type { Namespace } from '../../kit/netns.ts';

export const node = (name: string, podCIDRs: string[], addresses: string[]): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: podCIDRs.length ? { podCIDR: podCIDRs[0], podCIDRs } : {},
  status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
});

const pluginFolder = ['/usr/lib/cni', '/opt/cni/bin'].find((d) => existsSync(`${d}/bridge`));
export const noPlugins = pluginFolder ? undefined : 'needs the CNI plugins: apt install containernetworking-plugins';

/** Calls each plugin of the list in order, as libcni does, and returns the pod's first address. */
export function addPod(on: Namespace, pod: Namespace, file: string, portMappings: object[] = []): string {
  const list = JSON.parse(readFileSync(file, 'utf8'));
  let result: any;
  for (const plugin of list.plugins) {
    const config = {
      ...plugin,
      cniVersion: list.cniVersion,
      name: list.name,
      ...(result ? { prevResult: result } : {}),
      ...(plugin.capabilities?.portMappings ? { runtimeConfig: { portMappings } } : {}),
    };
    const env = [
      'CNI_COMMAND=ADD',
      `CNI_CONTAINERID=${pod.name}`,
      `CNI_NETNS=/var/run/netns/${pod.name}`,
      'CNI_IFNAME=eth0',
      `CNI_PATH=${pluginFolder}`,
      `PATH=${process.env.PATH}`,
    ];
    const [program = '', ...args] = [...on.prefix, 'env', '-i', ...env, `${pluginFolder}/${plugin.type}`];
    result = JSON.parse(execFileSync(program, args, { input: JSON.stringify(config), encoding: 'utf8' }));
  }
  return result.ips[0].address.split('/')[0];
}
