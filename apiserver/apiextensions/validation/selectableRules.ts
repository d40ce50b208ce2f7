// Rules of selectableFields: paths to scalars of the schema, each once, eight at most.
// Mirrors: ValidateCustomResourceSelectableFields (apiextensions-apiserver's validation.go). Called by validateDefinition.ts.
import { duplicate, type FieldError, invalidValue, required, tooMany } from '../../../apimachinery/fieldErrors.ts';
import { type FoundPath, fieldPathIn } from '../rules/fieldPath.ts';
import type { JSONSchema } from '../schema/jsonSchema.ts';

const maxFields = 8;
const scalars = new Set(['string', 'boolean', 'integer']);

/** `mayBeMany`: there were too many before, and they are what they were. */
export function selectableErrors(
  fields: readonly { jsonPath?: string }[],
  schema: JSONSchema | undefined,
  path: string,
  mayBeMany: boolean,
): FieldError[] {
  if (!schema) {
    const text = 'selectableFields may only be set when version.schema.openAPIV3Schema is not included';
    return [invalidValue(path, '', text)];
  }
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { jsonPath }] of fields.entries()) {
    const at = `${path}[${i}].jsonPath`;
    if (!jsonPath) errors.push(required(at));
    else errors.push(...fieldErrors(jsonPath, schema, at, seen));
  }
  if (seen.size > maxFields && !mayBeMany) errors.push(tooMany(path, seen.size, maxFields));
  return errors;
}

function fieldErrors(jsonPath: string, schema: JSONSchema, at: string, seen: Set<string>): FieldError[] {
  let found: FoundPath;
  try {
    found = fieldPathIn(jsonPath, schema, false);
  } catch (error) {
    return [invalidValue(at, jsonPath, `is an invalid path: ${(error as Error).message}`)];
  }
  const errors: FieldError[] = [];
  if (found.first === 'metadata') errors.push(invalidValue(at, jsonPath, 'must not point to fields in metadata'));
  if (!scalars.has(found.schema.type ?? ''))
    errors.push(
      invalidValue(
        at,
        jsonPath,
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      ),
    );
  if (seen.has(found.text)) errors.push(duplicate(at, jsonPath));
  seen.add(found.text);
  return errors;
}
