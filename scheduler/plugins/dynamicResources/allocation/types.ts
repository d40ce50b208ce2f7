// What allocation speaks of: devices by name, and the two ways in which it gives up.
// Mirrors: staging/src/k8s.io/dynamic-resource-allocation/structured/internal/types.go. Used by: all of this folder.
import type { Device, ResourceSlice } from '../../../../apimachinery/types.ts';

export interface DeviceId {
  driver: string;
  pool: string;
  device: string;
  /** `driver/pool/device`: one string for one device. */
  key: string;
}

export const deviceKey = (driver: string, pool: string, device: string): string => `${driver}/${pool}/${device}`;

/** A device that a node could use, and where it is published. */
export interface Candidate {
  id: DeviceId;
  device: Device;
  slice: ResourceSlice;
}

/** Results that one claim has room for. */
export const mostResults = 32;

/** Something is wrong with a claim, a class or an expression: no node would do. */
export class AllocationError extends Error {}

/** This node cannot be judged; others may do. */
export class NodeError extends Error {}
