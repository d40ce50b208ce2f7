// The query parameters of writes, checked: dryRun, fieldManager, fieldValidation, force. Pure.
// Mirrors: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go.
import { type FieldError, forbiddenField, notSupported, required } from '../../apimachinery/fieldErrors.ts';
import { isPrintable } from '../../apimachinery/goQuote.ts';
import { validateFieldManager } from '../../apimachinery/objectMeta.ts';
import * as status from '../../apimachinery/status.ts';
import type { FieldValidation } from '../codecs/readObject.ts';
import { queryBool } from '../query.ts';
import type { ApiRequest } from '../request.ts';

export interface WriteParams {
  dryRun: boolean;
  fieldManager: string;
  fieldValidation: FieldValidation;
  /** Of an apply patch. */
  force: boolean | undefined;
}

const maxManager = 128;

/** `kind`: which options an error names (`CreateOptions`); `apply`: a server-side apply, which has rules of its own. Throws 422 as upstream does. */
export function writeParams(
  req: ApiRequest,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  apply = false,
): WriteParams {
  const q = req.query;
  const manager = q.get('fieldManager') ?? '';
  const validation = q.get('fieldValidation') ?? '';
  const dryRun = q.getAll('dryRun');
  const force = kind === 'PatchOptions' ? queryBool(q, 'force') : undefined;
  const errors: FieldError[] = [];
  if (apply && !manager) errors.push(required('fieldManager', 'is required for apply patch'));
  if (!apply && force !== undefined) errors.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  errors.push(...validateFieldManager(manager, 'fieldManager'), ...validateDryRun(dryRun));
  if (!validations.includes(validation)) errors.push(notSupported('fieldValidation', validation, validations));
  if (errors.length) throw status.invalid({ group: 'meta.k8s.io', kind }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager: manager || managerOfAgent(req.headers['user-agent']),
    fieldValidation: (validation || 'Warn') as FieldValidation,
    force,
  };
}

const validations = ['', 'Ignore', 'Strict', 'Warn'];

export const validateDryRun = (dryRun: readonly string[]): FieldError[] =>
  dryRun.every((v) => v === 'All') ? [] : [notSupported('dryRun', dryRun, ['All'])];

/** The program's name: what stands before the first slash of User-Agent, as much of it as can be printed and fits. */
export function managerOfAgent(agent: string | undefined): string {
  let name = '';
  for (const char of (agent ?? '').split('/', 1)[0]!) {
    if (!isPrintable(char)) continue;
    if (Buffer.byteLength(name + char) > maxManager) break;
    name += char;
  }
  return name || 'unknown';
}
