// Binding: the old way to bind a pod, by a POST to a resource of its own instead of pods/binding. Never stored.
// Mirrors: LegacyBindingREST in pkg/registry/core/pod/storage/storage.go.
// Next: pod/binding.ts, which does it.
import { badRequest } from '../../apimachinery/status.ts';
import { defineKind } from './kind.ts';
import { bindPod } from './pod/binding.ts';

export const binding = defineKind({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Binding',
  verbs: ['create'],
  answer: async (object, context) => {
    const { name, namespace = '' } = object.metadata;
    if (!name) throw badRequest('name is required for Binding');
    return bindPod(object, { name, namespace }, context);
  },
});
