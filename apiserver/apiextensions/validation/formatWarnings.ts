// Formats that nobody checks are no mistake, but whoever writes one should know.
// Mirrors: WarningsOnCreate of apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go.
// Used by: ../../kinds/customResourceDefinition.ts.
import { deepEqual } from '../../../apimachinery/deepEqual.ts';
import { isKnownFormat } from '../schema/formats.ts';
import { someSchema } from '../schema/jsonSchema.ts';

/** Each unknown format once; none for a spec that is what it was. */
export function formatWarnings(object: any, old: any | undefined): string[] {
  if (old && deepEqual(object.spec, old.spec)) return [];
  const texts = new Set<string>();
  for (const version of object.spec?.versions ?? [])
    someSchema(version.schema?.openAPIV3Schema, ({ format }) => {
      if (format && !isKnownFormat(format)) texts.add(`unrecognized format ${JSON.stringify(format)}`);
      return false;
    });
  return [...texts];
}
