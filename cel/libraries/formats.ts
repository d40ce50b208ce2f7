// format.dns1123Label().validate(name): Kubernetes' own checks of strings, with their messages.
// Mirrors: apiserver/pkg/cel/library/format.go. Next: apimachinery/names.ts checks names.
import {
  isQualifiedName,
  isValidLabelValue,
  nameIsDNS1035Label,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
} from '../../apimachinery/names.ts';
import { parseTimestamp } from '../eval/time.ts';
import { none, Opaque, Optional } from '../values.ts';
import { type Overload, overload } from './declare.ts';
import { parseUrl } from './urls.ts';

interface Format {
  name: string;
  validate: (s: string) => string[];
}

const matches = (test: (s: string) => boolean, message: string) => (s: string) => (test(s) ? [] : [message]);
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;
const isDate = (s: string) => /^\d{4}-\d{2}-\d{2}$/.test(s) && parseTimestamp(`${s}T00:00:00Z`) !== undefined;
const uriErrors = (s: string): string[] => {
  const parsed = parseUrl(s);
  return typeof parsed === 'string' ? [parsed] : [];
};

/** The name that it is asked for by, the name it has, how long a regular expression its cost assumes, the check. */
const rows: [key: string, name: string, regexSize: number, validate: (s: string) => string[]][] = [
  ['dns1123Label', 'DNS1123Label', 30, (s) => nameIsDNSLabel(s, false)],
  ['dns1123Subdomain', 'DNS1123Subdomain', 60, (s) => nameIsDNSSubdomain(s, false)],
  ['dns1035Label', 'DNS1035Label', 30, (s) => nameIsDNS1035Label(s, false)],
  ['qualifiedName', 'QualifiedName', 60, isQualifiedName],
  ['dns1123LabelPrefix', 'DNS1123LabelPrefix', 30, (s) => nameIsDNSLabel(s, true)],
  ['dns1123SubdomainPrefix', 'DNS1123SubdomainPrefix', 60, (s) => nameIsDNSSubdomain(s, true)],
  ['dns1035LabelPrefix', 'DNS1035LabelPrefix', 30, (s) => nameIsDNS1035Label(s, true)],
  ['labelValue', 'LabelValue', 40, isValidLabelValue],
  ['uri', 'URI', 1121, uriErrors],
  ['uuid', 'uuid', 63, matches((s) => uuid.test(s), 'does not match the UUID format')],
  ['byte', 'byte', 92, matches((s) => base64.test(s), 'invalid base64')],
  ['date', 'date', 114, matches(isDate, 'invalid date')],
  ['datetime', 'datetime', 114, matches((s) => parseTimestamp(s) !== undefined, 'invalid datetime')],
];
const formats = new Map(
  rows.map(([key, name, size, validate]) => {
    const format: Format = { name, validate };
    return [key, new Opaque('kubernetes.NamedFormat', format, (other: Format) => other.name === name, size)];
  }),
);

function validate(format: Opaque, s: string): Optional {
  const errors = (format.value as Format).validate(s);
  return errors.length === 0 ? none : new Optional(errors);
}

export const formatLibrary: Overload[] = [
  ...[...formats].map(([key, value]) => overload(`format.${key}`, `format.${key}`, '() -> format', () => value)),
  overload('format.named', 'format-named', '(string) -> optional(format)', (name) => {
    const format = formats.get(name);
    return format ? new Optional(format) : none;
  }),
  overload('validate', 'format-validate', 'format.(string) -> optional(list(string))', validate),
];
