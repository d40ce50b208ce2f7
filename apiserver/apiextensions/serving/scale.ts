// `/scale` of a custom resource: how many, found and written at the paths that its definition names.
// Mirrors: apiextensions-apiserver/pkg/registry/customresource/etcd.go (ScaleREST, scaleFromCustomResource).
// Used by: customResource.ts. The built-in kinds' is ../../kinds/scale.ts.
import { type FieldError, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { internalError } from '../../../apimachinery/status.ts';
import type { Subresource } from '../../kinds/kind.ts';
import { isObject } from '../schema/jsonSchema.ts';

export interface ScalePaths {
  specReplicasPath: string;
  statusReplicasPath: string;
  labelSelectorPath?: string;
}

const shown = ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp'] as const;
const maxInt32 = 2147483647;

/** `.spec.replicas` → the value there; undefined when something on the way is absent. */
export function valueAt(object: unknown, path: string): unknown {
  let at: unknown = object;
  for (const name of path.replace(/^\./, '').split('.')) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return undefined;
    at = at[name];
  }
  return at;
}

function setAt(object: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.replace(/^\./, '').split('.');
  const last = names.pop()!;
  let at = object;
  for (const name of names) {
    if (!isObject(at[name])) at[name] = {};
    at = at[name] as Record<string, unknown>;
  }
  at[last] = value;
}

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

export function customScale(paths: ScalePaths): Subresource {
  return {
    name: 'scale',
    verbs: ['get', 'patch', 'update'],
    body: { group: 'autoscaling', version: 'v1', kind: 'Scale', schema: 'io.k8s.api.autoscaling.v1.Scale' },
    view(object) {
      const replicas = valueAt(object, paths.specReplicasPath);
      if (replicas === undefined)
        throw internalError(`the spec replicas field "${paths.specReplicasPath}" does not exist`);
      const metadata: Record<string, unknown> = {};
      for (const key of shown) if (object.metadata[key] !== undefined) metadata[key] = object.metadata[key];
      const selector = paths.labelSelectorPath ? valueAt(object, paths.labelSelectorPath) : undefined;
      return {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: metadata as any,
        spec: count(replicas) ? { replicas: count(replicas) } : {},
        status: {
          replicas: count(valueAt(object, paths.statusReplicasPath)),
          ...(typeof selector === 'string' && selector ? { selector } : {}),
        },
      };
    },
    writeView: (scale, object) => setAt(object, paths.specReplicasPath, scale.spec?.replicas ?? 0),
    validateView: ({ spec }) =>
      spec?.replicas < 0 ? [invalidValue('spec.replicas', spec.replicas, 'must be greater than or equal to 0')] : [],
  };
}

/** What an object may hold at the paths, whoever writes it. */
export function scaleErrors(object: any, paths: ScalePaths, part: 'spec' | 'status' | 'both'): FieldError[] {
  const errors: FieldError[] = [];
  if (part !== 'status') countErrors(errors, object, paths.specReplicasPath);
  if (part === 'spec') return errors;
  countErrors(errors, object, paths.statusReplicasPath);
  const selector = paths.labelSelectorPath && valueAt(object, paths.labelSelectorPath);
  if (selector !== undefined && typeof selector !== 'string')
    errors.push(invalidValue(pathText(paths.labelSelectorPath!), selector, 'should be a string'));
  return errors;
}

const pathText = (path: string) => path.replace(/^\./, '');

function countErrors(errors: FieldError[], object: any, path: string): void {
  const value = valueAt(object, path);
  if (typeof value !== 'number') return;
  if (value < 0) errors.push(invalidValue(pathText(path), value, 'should be a non-negative integer'));
  if (value > maxInt32) errors.push(invalidValue(pathText(path), value, `should be less than or equal to ${maxInt32}`));
}
