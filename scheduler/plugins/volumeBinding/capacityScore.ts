// How well the volumes of a node suit what the claims ask for, by a curve over the part that they would use.
// Pure. Mirrors: plugins/volumebinding/scorer.go. Used by: volumeBinding.ts, behind the gate StorageCapacityScoring.

import { classOf } from '../../../apimachinery/storage/claims.ts';
import { capacityOf, requestOf } from '../../../apimachinery/storage/matching.ts';
import { curveOf, type ShapePoint } from '../resourceStrategies.ts';
import type { NodeVolumes } from './findVolumes.ts';

/** The emptiest store first. */
export const defaultShape: readonly ShapePoint[] = [
  { utilization: 0, score: 10 },
  { utilization: 100, score: 0 },
];

/** Throws UsageError when the shape does not hold. */
export function capacityScorer(shape: readonly ShapePoint[]): (volumes: NodeVolumes | undefined) => number {
  const curve = curveOf(shape, 'VolumeBinding: shape');
  return (volumes) => {
    const classes = [...usesByClass(volumes).values()];
    if (!classes.length) return 0;
    return Math.round(classes.reduce((sum, { wanted, free }) => sum + curve(wanted, free), 0) / classes.length);
  };
}

interface Use {
  wanted: number;
  free: number;
}

/** Volumes that are there count before those that would be made. */
function usesByClass(volumes: NodeVolumes | undefined): Map<string, Use> {
  const uses = new Map<string, Use>();
  const count = (name: string, wanted: number, free: number) => {
    const use = uses.get(name) ?? { wanted: 0, free: 0 };
    uses.set(name, { wanted: use.wanted + wanted, free: use.free + free });
  };
  for (const { volume, claim } of volumes?.bindings ?? []) count(classOf(volume), requestOf(claim), capacityOf(volume));
  if (uses.size) return uses;
  for (const { claim, free } of volumes?.provisions ?? [])
    if (free !== undefined) count(classOf(claim), requestOf(claim), free);
  return uses;
}
