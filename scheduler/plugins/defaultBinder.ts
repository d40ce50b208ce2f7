// Bind: tells the API server through the pod's Binding subresource.
// Mirrors: pkg/scheduler/framework/plugins/defaultbinder/default_binder.go.
import { pods } from '../../apimachinery/resources.ts';
import type { PluginFactory } from '../framework.ts';

export const defaultBinder: PluginFactory = ({ client }) => ({
  name: 'DefaultBinder',
  async bind({ pod }, node) {
    const { name, namespace, uid } = pod.metadata;
    await client.post(pods, name, namespace, 'binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { kind: 'Node', name: node },
    });
    return true;
  },
  events: [],
});
