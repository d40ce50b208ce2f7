// One admission plugin: may change the object of a write, or refuse it. Never runs on reads.
// Mirrors: staging/src/k8s.io/apiserver/pkg/admission/interfaces.go.
// The order is the list in admission.ts; all `admit` run before defaults and validation, all `validate` after.
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Context, Kind } from '../kinds/kind.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export interface Attributes {
  operation: Operation;
  kind: Kind;
  subresource: string;
  namespace: string;
  /** Empty on a create by generateName. */
  name: string;
  /** Absent on DELETE. */
  object?: any;
  /** On UPDATE and DELETE. */
  old?: KubeObject;
  options: Record<string, unknown>;
  context: Context;
}

/** Throws a StatusError to refuse. */
export interface AdmissionPlugin {
  /** Upstream's name, as --enable-admission-plugins takes it. */
  name: string;
  admit?(attributes: Attributes): void | Promise<void>;
  validate?(attributes: Attributes): void | Promise<void>;
}
