// Secret: bytes under keys, of a type that says which keys there must be.
// Read by the API server's mechanisms. Mirrors: pkg/apis/core/validation (ValidateSecret), pkg/apis/core/v1/conversion.go, pkg/registry/core/secret.
// Next: serviceAccount.ts, whose pods mount tokens.
import { type FieldError, immutable, invalidValue, path, required, tooLong } from '../../apimachinery/fieldErrors.ts';
import { isConfigMapKey } from '../../apimachinery/names.ts';
import { goSyntaxError } from '../goSyntaxError.ts';
import { pushTexts } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { base64Bytes, frozenErrors, maxDataBytes } from './configMap.ts';
import { defineKind } from './kind.ts';
import { tlsPairError } from './tlsPair.ts';

const accountAnnotation = 'kubernetes.io/service-account.name';
const keyField = (key: string) => path.key('data', key);
const missing = (secret: any, ...keys: string[]) =>
  keys.filter((key) => secret.data?.[key] === undefined).map((key) => required(keyField(key)));

/** stringData is for writing alone: it ends up in data, over what is there. */
function defaults(secret: any): void {
  if (secret.stringData) {
    secret.data ??= {};
    for (const [key, text] of Object.entries<string>(secret.stringData)) {
      secret.data[key] = Buffer.from(text).toString('base64');
    }
  }
  delete secret.stringData;
  secret.type ||= 'Opaque';
}

/** Registry credentials must be a JSON object; what is wrong with them is said without quoting them. */
function jsonErrors(secret: any, key: string): FieldError[] {
  const absent = missing(secret, key);
  if (absent.length) return absent;
  const written = Buffer.from(secret.data[key], 'base64').toString();
  try {
    const parsed: unknown = JSON.parse(written);
    if (parsed === null || (typeof parsed === 'object' && !Array.isArray(parsed))) return [];
    const found = Array.isArray(parsed) ? 'array' : typeof parsed === 'boolean' ? 'bool' : typeof parsed;
    const text = `json: cannot unmarshal ${found} into Go value of type map[string]interface {}`;
    return [invalidValue(keyField(key), '<secret contents redacted>', text)];
  } catch {
    return [invalidValue(keyField(key), '<secret contents redacted>', goSyntaxError(written))];
  }
}

/** What each type asks for besides well-formed keys. */
const rules: Record<string, (secret: any) => FieldError[]> = {
  'kubernetes.io/service-account-token': (secret) =>
    secret.metadata.annotations?.[accountAnnotation]
      ? []
      : [required(path.key('metadata.annotations', accountAnnotation))],
  'kubernetes.io/dockercfg': (secret) => jsonErrors(secret, '.dockercfg'),
  'kubernetes.io/dockerconfigjson': (secret) => jsonErrors(secret, '.dockerconfigjson'),
  'kubernetes.io/basic-auth': (secret) => {
    const absent = missing(secret, 'username', 'password');
    return absent.length === 2 ? absent : [];
  },
  'kubernetes.io/ssh-auth': (secret) => (secret.data?.['ssh-privatekey'] ? [] : [required(keyField('ssh-privatekey'))]),
  'kubernetes.io/tls': (secret) => missing(secret, 'tls.crt', 'tls.key'),
};

function validate(secret: any): FieldError[] {
  const errors: FieldError[] = [];
  const data: [string, string][] = Object.entries(secret.data ?? {});
  for (const [key] of data) pushTexts(errors, keyField(key), key, isConfigMapKey(key));
  if (data.reduce((sum, [, v]) => sum + base64Bytes(v), 0) > maxDataBytes) errors.push(tooLong('data', maxDataBytes));
  return Object.hasOwn(rules, secret.type) ? [...errors, ...rules[secret.type]!(secret)] : errors;
}

function warnings({ type, data }: any): string[] {
  if (type !== 'kubernetes.io/tls') return [];
  const text = (key: string) => Buffer.from(data?.[key] ?? '', 'base64').toString();
  const wrong = tlsPairError(text('tls.crt'), text('tls.key'));
  return wrong ? [wrong] : [];
}

export const secret = defineKind({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Secret',
  storage: 'secrets',
  defaults,
  validate,
  warnings,
  validateUpdate: (object, old) => [
    ...(object.type === old.type ? [] : [immutable('type', object.type)]),
    ...frozenErrors(object, old, ['data']),
  ],
  selectableFields: { type: (o) => o.type ?? '' },
  columns: [
    nameColumn,
    column('Type', 'What the keys are for.', (o) => o.type),
    column('Data', 'Number of keys.', (o) => Object.keys(o.data ?? {}).length),
    ageColumn,
  ],
});
