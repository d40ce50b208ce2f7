// The query parameters of writes, checked: dryRun, fieldManager, fieldValidation, force. Pure.
// Mirrors: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go.
import { type FieldError, invalidValue, notSupported, required, tooLong } from '../../apimachinery/fieldErrors.ts';
import * as status from '../../apimachinery/status.ts';
import type { FieldValidation } from '../codecs/codecs.ts';
import type { ApiRequest } from '../request.ts';

export interface WriteParams {
  dryRun: boolean;
  fieldManager: string;
  fieldValidation: FieldValidation;
  /** Of an apply patch. */
  force: boolean | undefined;
}

const maxManager = 128;

/** `kind`: which options an error names (`CreateOptions`). Throws 422 as upstream does. */
export function writeParams(req: ApiRequest, kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'): WriteParams {
  const q = req.query;
  const errors: FieldError[] = [];
  const dryRun = q.getAll('dryRun');
  if (dryRun.some((v) => v !== 'All') && dryRun.join('') !== '') errors.push(notSupported('dryRun', dryRun, ['All']));
  const manager = q.get('fieldManager') ?? '';
  if (Buffer.byteLength(manager) > maxManager) errors.push(tooLong('fieldManager', maxManager));
  if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(manager))
    errors.push(invalidValue('fieldManager', manager, 'should only contain printable characters'));
  const validation = q.get('fieldValidation') || 'Warn';
  if (!['Ignore', 'Warn', 'Strict'].includes(validation))
    errors.push(notSupported('fieldValidation', validation, ['Ignore', 'Strict', 'Warn']));
  if (errors.length) throw status.invalid({ group: 'meta.k8s.io', kind }, '', errors);
  const force = q.get('force');
  return {
    dryRun: dryRun.includes('All'),
    fieldManager: manager || managerOfAgent(req.headers['user-agent']),
    fieldValidation: validation as FieldValidation,
    force: force === null ? undefined : force === 'true' || force === '1',
  };
}

/** Apply has rules of its own: a manager must be named, force belongs to it alone. */
export function checkPatchOptions(req: ApiRequest, apply: boolean): void {
  const errors: FieldError[] = [];
  if (apply && !req.query.get('fieldManager')) errors.push(required('fieldManager', 'is required for apply patch'));
  if (!apply && req.query.get('force') !== null)
    errors.push({
      type: 'FieldValueForbidden',
      field: 'force',
      value: '',
      detail: 'may not be specified for non-apply patch',
    });
  if (errors.length) throw status.invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', errors);
}

/** The program's name: what stands before the first slash of User-Agent. */
export const managerOfAgent = (agent: string | undefined): string =>
  (agent ?? '').split('/', 1)[0]!.slice(0, maxManager) || 'unknown';
