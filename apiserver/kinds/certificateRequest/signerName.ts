// The name of a signer: a domain, and a path below it. `kubernetes.io/kubelet-serving`.
// Mirrors: ValidateSignerName in pkg/apis/core/validation/names.go.
// Used by: validation.ts.
import { type FieldError, invalidValue, tooLong } from '../../../apimachinery/fieldErrors.ts';
import { byteLength, isDNS1123Label, isDNS1123Subdomain, type NameCheck } from '../../../apimachinery/names.ts';
import { checkRequired } from '../check.ts';

const maxDomain = 253;
const maxName = maxDomain + 1 + 253 + 63 + 1;

/** What is wrong with the first bad label. */
function checkLabels(errors: FieldError[], field: string, text: string, check: NameCheck): void {
  const bad = text.split('.').find((label) => check(label).length > 0);
  if (bad === undefined) return;
  for (const why of check(bad))
    errors.push(invalidValue(field, text, `validating label ${JSON.stringify(bad)}: ${why}`));
}

export function checkSignerName(errors: FieldError[], field: string, name: string | undefined): void {
  if (!checkRequired(errors, field, name)) return;
  const [domain = '', path, ...rest] = name!.split('/');
  if (path === undefined || rest.length)
    return void errors.push(
      invalidValue(field, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"),
    );
  if (byteLength(domain) > maxDomain) errors.push(tooLong(field, maxDomain));
  checkLabels(errors, field, domain, isDNS1123Label);
  if (!domain.includes('.'))
    errors.push(invalidValue(field, domain, 'should be a domain with at least two segments separated by dots'));
  checkLabels(errors, field, path, isDNS1123Subdomain);
  if (byteLength(name!) > maxName) errors.push(tooLong(field, maxName));
}
