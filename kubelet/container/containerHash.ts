// Tells whether a running container still is what the pod asks for. Only name and image count, as upstream since v1.31:
// other fields of a container cannot change while it runs.
// Mirrors: pkg/kubelet/container/helpers.go (HashContainer). Next: labels.ts keeps it, computePodActions.ts compares it.
import type { Container } from '../../apimachinery/types.ts';

/** 32-bit FNV-1a over the bytes of `text`. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** Hexadecimal, over the text that upstream's hasher prints for a string. */
export const containerHash = (c: Pick<Container, 'name' | 'image'>): string =>
  fnv1a32(`(string){"name":${JSON.stringify(c.name)},"image":${JSON.stringify(c.image ?? '')}}`).toString(16);
