// `/scale` of a custom resource: how many, found and written at the paths that its definition names.
// Mirrors: apiextensions-apiserver/pkg/registry/customresource/etcd.go (ScaleREST, scaleFromCustomResource).
// Used by: customResource.ts. The built-in kinds' is ../../kinds/scale.ts.
import { type FieldError, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { goType, goValue } from '../../../apimachinery/goValue.ts';
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
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = paths;
  const errors: FieldError[] = [];
  if (part !== 'status') errors.push(...countErrors(object, specReplicasPath));
  if (part === 'spec') return errors;
  errors.push(...countErrors(object, statusReplicasPath));
  if (!labelSelectorPath) return errors;
  const selector = valueAt(object, labelSelectorPath);
  if (selector !== undefined && typeof selector !== 'string')
    errors.push(invalidValue(labelSelectorPath, '', accessError(labelSelectorPath, selector, 'string')));
  return errors;
}

const isCount = (value: unknown) => typeof value === 'bigint' || Number.isInteger(value);

function countErrors(object: any, path: string): FieldError[] {
  const value = valueAt(object, path) as number;
  if (value === undefined) return [];
  if (!isCount(value)) return [invalidValue(path, 0, accessError(path, value, 'int64'))];
  if (value < 0) return [invalidValue(path, value, 'should be a non-negative integer')];
  if (value > maxInt32) return [invalidValue(path, value, `should be less than or equal to ${maxInt32}`)];
  return [];
}

/** As Go says that a value is of another type. */
const accessError = (path: string, value: unknown, wanted: string): string =>
  `${path} accessor error: ${goValue(value)} is of the type ${value === null ? '<nil>' : goType(value)}, expected ${wanted}`;
