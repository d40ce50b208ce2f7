// Rules of the two annotations of nodes that were fields in JSON once: taints, and pods that a node would rather not have.
// Mirrors: ValidateNodeSpecificAnnotations in pkg/apis/core/validation/validation.go.
// Called by: ../node.ts.
import { type FieldError, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';
import { goSyntaxError } from '../../goSyntaxError.ts';
import { checkTaints } from './taints.ts';

const taintsKey = 'scheduler.alpha.kubernetes.io/taints';
const avoidKey = 'scheduler.alpha.kubernetes.io/preferAvoidPods';
const field = 'metadata.annotations';

function parsed(errors: FieldError[], at: string, key: string, text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    errors.push(invalidValue(at, key, goSyntaxError(text)));
    return undefined;
  }
}

function checkAvoided(errors: FieldError[], at: string, entry: any): void {
  const controller = entry?.podSignature?.podController;
  if (!controller) errors.push(required(`${at}.PodSignature`));
  else if (controller.controller !== true)
    errors.push(invalidValue(`${at}.PodSignature.PodController.Controller`, false, 'must point to a controller'));
}

export function checkNodeAnnotations(errors: FieldError[], annotations: Record<string, string> = {}): void {
  const { [taintsKey]: taints, [avoidKey]: avoid } = annotations;
  if (taints) {
    const list = parsed(errors, field, taintsKey, taints);
    if (Array.isArray(list)) checkTaints(errors, `${field}.${taintsKey}`, list);
  }
  if (!avoid) return;
  const entries = parsed(errors, `${field}.AvoidPods`, avoidKey, avoid)?.preferAvoidPods;
  if (!Array.isArray(entries)) return;
  for (const [i, entry] of entries.entries()) checkAvoided(errors, `${field}.${avoidKey}[${i}]`, entry);
}
