// RuntimeClass: a way to run containers that some nodes have, what it costs besides, and which nodes those are.
// Read by the API server's mechanisms. Mirrors: pkg/registry/node/runtimeclass, pkg/apis/node/validation, pkg/printers.
// Next: admission copies overhead and scheduling into pods; the kubelet asks its runtime for the handler.
import { duplicate, type FieldError, immutable } from '../../apimachinery/fieldErrors.ts';
import { validateLabels } from '../../apimachinery/labelSelector.ts';
import { nameIsDNSLabel } from '../../apimachinery/names.ts';
import { pushTexts } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';
import { checkOverhead } from './pod/resources.ts';
import { checkTolerations } from './pod/scheduling.ts';
import { deprecatedLabel } from './pod/warnings.ts';

function checkUniqueTolerations(errors: FieldError[], field: string, tolerations: any[]): void {
  checkTolerations(errors, field, tolerations);
  const seen = new Set<string>();
  tolerations.forEach((toleration, i) => {
    const { key = '', operator = '', value = '', effect = '', tolerationSeconds = null } = toleration;
    const id = JSON.stringify([key, operator, value, effect]);
    // Upstream shows the struct, with the names of its Go fields.
    const shown = { Key: key, Operator: operator, Value: value, Effect: effect, TolerationSeconds: tolerationSeconds };
    if (seen.has(id)) errors.push(duplicate(`${field}[${i}]`, shown));
    seen.add(id);
  });
}

function validate(object: any): FieldError[] {
  const errors: FieldError[] = [];
  const { handler = '', overhead, scheduling } = object;
  pushTexts(errors, 'handler', handler, nameIsDNSLabel(handler, false));
  if (overhead) checkOverhead(errors, 'overhead', overhead.podFixed);
  if (!scheduling) return errors;
  errors.push(...validateLabels(scheduling.nodeSelector, 'scheduling.nodeSelector'));
  checkUniqueTolerations(errors, 'scheduling.tolerations', scheduling.tolerations ?? []);
  return errors;
}

const warnings = (object: any): string[] =>
  Object.keys(object.scheduling?.nodeSelector ?? {}).flatMap((key) => {
    const text = deprecatedLabel(key);
    return text ? [`scheduling.nodeSelector: ${text}`] : [];
  });

export const runtimeClass = defineKind({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  schema: 'io.k8s.api.node.v1.RuntimeClass',
  storage: 'runtimeclasses',
  validate,
  validateUpdate: (object, old) => (object.handler === old.handler ? [] : [immutable('handler', object.handler)]),
  warnings,
  createOnUpdate: true,
  unconditionalUpdate: false,
  columns: [nameColumn, column('Handler', 'What the runtime knows it by.', (o) => o.handler ?? ''), ageColumn],
});
