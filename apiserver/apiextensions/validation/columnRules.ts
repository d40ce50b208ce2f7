// Rules of printer columns and of the paths of subresources.
// Mirrors: ValidateCustomResourceColumnDefinition, ValidateCustomResourceDefinitionSubresources (apiextensions-apiserver's validation.go).
// Called by validateDefinition.ts.
import { type FieldError, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';

const types = ['boolean', 'date', 'integer', 'number', 'string'];
const formats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

export function columnErrors(column: any, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!column.name) errors.push(required(`${path}.name`));
  const oneOf = `must be one of ${types.join(',')}`;
  if (!column.type) errors.push(required(`${path}.type`, oneOf));
  else if (!types.includes(column.type)) errors.push(invalidValue(`${path}.type`, column.type, oneOf));
  if (column.format && !formats.includes(column.format))
    errors.push(invalidValue(`${path}.format`, column.format, `must be one of ${formats.join(',')}`));
  if (!column.jsonPath) errors.push(required(`${path}.JSONPath`));
  else errors.push(...simplePathErrors(column.jsonPath, `${path}.JSONPath`));
  return errors;
}

export function subresourceErrors(subresources: any, path: string): FieldError[] {
  const scale = subresources?.scale;
  if (!scale) return [];
  const errors: FieldError[] = [];
  const check = (field: string, needed: boolean, parts: readonly string[], text: string) => {
    const at = `${path}.scale.${field}`;
    const value: string = scale[field] ?? '';
    if (!value) {
      if (needed) errors.push(required(at));
      return;
    }
    const wrong = simplePathErrors(value, at);
    if (wrong.length) errors.push(...wrong);
    else if (!parts.some((part) => value.startsWith(part))) errors.push(invalidValue(at, value, text));
  };
  check('specReplicasPath', true, ['.spec.'], 'should be a json path under .spec');
  check('statusReplicasPath', true, ['.status.'], 'should be a json path under .status');
  check('labelSelectorPath', false, ['.spec.', '.status.'], 'should be a json path under either .spec or .status');
  return errors;
}

const simplePathErrors = (path: string, field: string): FieldError[] =>
  path.startsWith('.') ? [] : [invalidValue(field, path, 'must be a simple json path starting with .')];
