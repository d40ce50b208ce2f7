// Score: nodes that have the pod's images, by their size, and less for images that few nodes have.
// Mirrors: pkg/scheduler/framework/plugins/imagelocality/image_locality.go.
import { maxNodeScore, type PluginFactory } from '../framework.ts';
import type { NodeInfo } from '../nodeInfo.ts';
import type { Snapshot } from '../snapshot.ts';

const mebibyte = 1024 * 1024;
const least = 23 * mebibyte;
const mostOfContainer = 1000 * mebibyte;

/** As nodes list them: with a tag. */
export function withTag(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}

/** On how many nodes each image is; counted anew only when nodes have come, gone or got images. */
function spreadOf(snapshot: Snapshot, image: string): number {
  let n = 0;
  for (const node of snapshot.nodes) if (node.images.has(image)) n++;
  return n / snapshot.nodes.length;
}

export const imageLocality: PluginFactory = ({ snapshot }) => ({
  name: 'ImageLocality',
  preScore({ pod }, nodes) {
    const spec = pod.spec!;
    const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
    const volumes = (spec.volumes ?? []).filter((v) => v.image);
    const images = [...containers.map((c) => c.image), ...volumes.map((v) => v.image!.reference)]
      .filter((image) => image !== undefined)
      .map(withTag);
    // Nobody has any: all nodes are alike.
    const present = images.filter((image) => nodes.some((node) => node.images.has(image)));
    if (!present.length) return undefined;
    const spread = new Map(present.map((image) => [image, spreadOf(snapshot, image)]));
    const most = mostOfContainer * (containers.length + volumes.length);
    return { score: (node) => scoreOf(sizeThere(node, present, spread), most) };
  },
  events: [],
});

function sizeThere(node: NodeInfo, images: readonly string[], spread: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const image of images) sum += Math.floor((node.images.get(image) ?? 0) * spread.get(image)!);
  return sum;
}

function scoreOf(size: number, most: number): number {
  const within = Math.min(Math.max(size, least), most);
  return Math.floor((maxNodeScore * (within - least)) / (most - least));
}
