// Whom a container's events are about: its pod, with the field path of the container.
// Pure. Mirrors: pkg/kubelet/container/ref.go. Next: every part that records events.
import type { Container, ObjectReference, Pod } from '../../apimachinery/types.ts';

export function containerReference(pod: Pod, container: Container): ObjectReference {
  const { name, namespace, uid, resourceVersion } = pod.metadata;
  const spec = pod.spec;
  const has = (list: { name: string }[] | undefined) => list?.some((c) => c.name === container.name);
  const list = has(spec?.initContainers)
    ? 'initContainers'
    : has(spec?.containers)
      ? 'containers'
      : 'ephemeralContainers';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    name,
    namespace,
    uid,
    resourceVersion,
    fieldPath: `spec.${list}{${container.name}}`,
  };
}
