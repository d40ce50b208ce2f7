// Tells whether a running container still is what the pod asks for. Only name and image count, as upstream since v1.31:
// other fields of a container cannot change while it runs.
// Mirrors: pkg/kubelet/container/helpers.go (HashContainer). Next: labels.ts keeps it, computePodActions.ts compares it.
import { fnv32a } from '../../apimachinery/hash.ts';
import type { Container } from '../../apimachinery/types.ts';

/** Hexadecimal, over the text that upstream's hasher prints for a string. */
export const containerHash = (c: Pick<Container, 'name' | 'image'>): string =>
  fnv32a(`(string){"name":${JSON.stringify(c.name)},"image":${JSON.stringify(c.image ?? '')}}`).toString(16);
