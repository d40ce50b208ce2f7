// The whole RuntimeService of one simulated node: the methods about the runtime itself, joined with those of the files below.
// Reads and writes: node.ts. Used by: main.ts. Next along a pod's way: sandboxes.ts, containers.ts, life.ts.
import { CriError } from '../cri/error.ts';
import type { ServiceImplementation } from '../cri/messages.ts';
import type { RuntimeServiceMethods } from '../cri/types.ts';
import { containerMethods } from './containers.ts';
import { containerEvents } from './events.ts';
import { execMethods } from './exec.ts';
import type { Life } from './life.ts';
import type { SimulatedNode } from './node.ts';
import { runtimeHandlers, sandboxMethods } from './sandboxes.ts';
import { statsMethods } from './stats.ts';
import { verboseInfo } from './status.ts';
import type { StreamServer } from './streams.ts';

export function runtimeMethods(
  node: SimulatedNode,
  life: Life,
  streams: StreamServer,
): ServiceImplementation<RuntimeServiceMethods> {
  return {
    ...sandboxMethods(node, life),
    ...containerMethods(node, life),
    ...execMethods(node, life, streams),
    ...statsMethods(node, life),

    version: () => ({
      version: '0.1.0',
      runtimeName: 'simulated',
      runtimeVersion: '0.1.0',
      runtimeApiVersion: 'v1',
    }),

    status: ({ verbose }) => ({
      status: { conditions: [{ type: 'RuntimeReady', status: true }, networkReady(node)] },
      runtimeHandlers: runtimeHandlers.map((name) => ({ name, features: {} })),
      features: { supplementalGroupsPolicy: true },
      info: verboseInfo(verbose, 'config', { node: node.name, podCIDR: node.podCidr }),
    }),

    runtimeConfig: () => ({ linux: { cgroupDriver: 'CGROUPFS' } }),

    updateRuntimeConfig({ runtimeConfig }) {
      const podCidr = runtimeConfig?.networkConfig?.podCidr;
      if (!podCidr) return {};
      try {
        node.setPodCidr(podCidr);
      } catch (error) {
        throw new CriError('InvalidArgument', `cannot use the pod CIDR: ${(error as Error).message}`);
      }
      return {};
    },

    getContainerEvents: (_, signal) => containerEvents(node, signal),
  };
}

/** Like a runtime whose CNI configuration is missing: the kubelet starts only host-network pods until the podCIDR is known. */
const networkReady = (node: SimulatedNode) =>
  node.podCidr
    ? { type: 'NetworkReady', status: true }
    : {
        type: 'NetworkReady',
        status: false,
        reason: 'NetworkPluginNotReady',
        message: "Network plugin returns error: the node's podCIDR is not known yet",
      };
