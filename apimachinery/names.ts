// What the strings of the API may look like. Each check returns the broken rules in upstream's words; empty means valid.
// Mirrors: apimachinery's util/validation/validation.go and api/validate/content/.
// Used by: every kind's validation through fieldErrors.ts. Addresses and ranges are in ipFormat.ts.
import { type FieldError, invalidValue, required } from './fieldErrors.ts';

export type NameCheck = (value: string) => string[];
/** `prefix`: the name is a generateName, to which random characters will be added. */
export type ValidateName = (name: string, prefix: boolean) => string[];

const alnum = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${alnum}(\\.${alnum})*`;
const underscoreLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const underscoreSubdomain = `${underscoreLabel}(\\.${underscoreLabel})*`;
const dns1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const labelKey = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const re = {
  label: whole(alnum),
  subdomain: whole(subdomain),
  underscoreSubdomain: whole(underscoreSubdomain),
  dns1035: whole(dns1035),
  wildcard: whole(`\\*\\.${subdomain}`),
  labelKey: whole(labelKey),
  labelValue: whole(`(${labelKey})?`),
  cIdentifier: whole('[A-Za-z_][A-Za-z0-9_]*'),
  envVar: whole('[-._a-zA-Z][-._a-zA-Z0-9]*'),
  configMapKey: whole('[-._a-zA-Z0-9]+'),
  httpHeader: whole('[-A-Za-z0-9]+'),
  percent: whole('[0-9]+%'),
  httpPath: whole("[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"),
};

/** Lengths are counted in bytes of UTF-8, as Go's len does. */
export const byteLength = (text: string): number => Buffer.byteLength(text);

export const maxLenError = (length: number) => `must be no more than ${length} bytes`;
/** Older checks count the same bytes and call them characters. */
const maxCharsError = (length: number) => `must be no more than ${length} characters`;
export const emptyError = 'must be non-empty';
export const inclusiveRangeError = (low: number, high: number) => `must be between ${low} and ${high}, inclusive`;

/** A rule, its examples and its regular expression in one text. */
export function regexError(message: string, pattern: string, ...examples: string[]): string {
  const regex = `regex used for validation is '${pattern}'`;
  if (!examples.length) return `${message} (${regex})`;
  return `${message} (e.g. ${examples.map((e) => `'${e}', `).join(' or ')}${regex})`;
}

const limited = (value: string, max: number, error = maxCharsError): string[] =>
  value.length * 3 > max && byteLength(value) > max ? [error(max)] : [];

const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";

const subdomainErrors = (value: string, lengthError: (n: number) => string): string[] => {
  const errors = limited(value, 253, lengthError);
  if (!re.subdomain.test(value)) errors.push(regexError(subdomainText, subdomain, 'example.com'));
  return errors;
};

/** At most 253 characters of lower case labels joined by dots: most object names. */
export const isDNS1123Subdomain: NameCheck = (value) => subdomainErrors(value, maxCharsError);

/** At most 63 lower case letters, digits and inner hyphens: namespaces, containers, volumes. */
export const isDNS1123Label: NameCheck = (value) => {
  const errors = limited(value, 63);
  if (re.label.test(value)) return errors;
  const dotsOnly = re.subdomain.test(value);
  errors.push(dotsOnly ? 'must not contain dots' : regexError(labelText, alnum, 'my-name', '123-abc'));
  return errors;
};

/** A subdomain whose labels may hold underscores: the search domains of a pod's DNS. */
export const isDNS1123SubdomainWithUnderscore: NameCheck = (value) => {
  const errors = limited(value, 253);
  if (!re.underscoreSubdomain.test(value)) {
    const text =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
    errors.push(regexError(text, underscoreSubdomain, 'example.com'));
  }
  return errors;
};

/** A DNS label that starts with a letter: Service names. */
export const isDNS1035Label: NameCheck = (value) => {
  const errors = limited(value, 63);
  if (!re.dns1035.test(value)) {
    const text =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
    errors.push(regexError(text, dns1035, 'my-name', 'abc-123'));
  }
  return errors;
};

/** `*.` and a subdomain: hosts of an Ingress. */
export const isWildcardDNS1123Subdomain: NameCheck = (value) => {
  const errors = limited(value, 253);
  if (!re.wildcard.test(value)) {
    const text =
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
    errors.push(regexError(text, `\\*\\.${subdomain}`, '*.example.com'));
  }
  return errors;
};

const labelKeyText =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const labelKeyRegexError = () => regexError(labelKeyText, labelKey, 'MyName', 'my.name', '123-abc');

function prefixErrors(prefix: string): string[] {
  if (prefix === '') return [`prefix part ${emptyError}`];
  return subdomainErrors(prefix, maxLenError).map((m) => `prefix part ${m}`);
}

/** `[prefix/]name`: label and annotation keys, finalizers, resource names. */
export const isQualifiedName: NameCheck = (value) => {
  const parts = value.split('/');
  if (parts.length > 2) {
    const tail = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    return [`a valid label key ${labelKeyRegexError()}${tail}`];
  }
  const errors = parts.length === 2 ? prefixErrors(parts[0]!) : [];
  const name = parts.at(-1)!;
  if (name === '') errors.push(`name part ${emptyError}`);
  else if (byteLength(name) > 63) errors.push(`name part ${maxLenError(63)}`);
  if (!re.labelKey.test(name)) errors.push(`name part ${labelKeyRegexError()}`);
  return errors;
};

export const isValidLabelValue: NameCheck = (value) => {
  const errors = limited(value, 63, maxLenError);
  if (!re.labelValue.test(value)) {
    const text =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    errors.push(regexError(text, `(${labelKey})?`, 'MyValue', 'my_value', '12345'));
  }
  return errors;
};

export const isCIdentifier: NameCheck = (value) => {
  if (re.cIdentifier.test(value)) return [];
  const text =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
  return [regexError(text, '[A-Za-z_][A-Za-z0-9_]*', 'my_name', 'MY_NAME', 'MyName')];
};

function dotDotErrors(value: string): string[] {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

export const isEnvVarName: NameCheck = (value) => {
  if (re.envVar.test(value)) return dotDotErrors(value);
  const text =
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
  const message = regexError(text, '[-._a-zA-Z][-._a-zA-Z0-9]*', 'my.env-name', 'MY_ENV.NAME', 'MyEnvName1');
  return [message, ...dotDotErrors(value)];
};

/** Any printable ASCII but `=`: what containers accept since v1.30. */
export const isRelaxedEnvVarName: NameCheck = (value) => {
  if (value === '') return [`environment variable name ${emptyError}`];
  if (/^[ -<>-~]*$/.test(value)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
};

export const isConfigMapKey: NameCheck = (value) => {
  const errors = limited(value, 253);
  if (!re.configMapKey.test(value)) {
    const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    errors.push(regexError(text, '[-._a-zA-Z0-9]+', 'key.name', 'KEY_NAME', 'key-name'));
  }
  return [...errors, ...dotDotErrors(value)];
};

export const isHTTPHeaderName: NameCheck = (value) => {
  if (re.httpHeader.test(value)) return [];
  const text = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return [regexError(text, '[-A-Za-z0-9]+', 'X-Header-Name')];
};

export const isValidPercent: NameCheck = (value) => {
  if (re.percent.test(value)) return [];
  const text = "a valid percent string must be a numeric string followed by an ending '%'";
  return [regexError(text, '[0-9]+%', '1%', '93%')];
};

/** IANA service names: at most 15 of `a-z0-9-`, with a letter. */
export const isValidPortName: NameCheck = (value) => {
  const errors = limited(value, 15);
  if (!/^[-a-z0-9]+$/.test(value)) {
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)');
  if (value.includes('--')) errors.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
};

export const isInRange = (value: number, low: number, high: number): string[] =>
  Number.isInteger(value) && value >= low && value <= high ? [] : [inclusiveRangeError(low, high)];
export const isValidPortNum = (port: number): string[] => isInRange(port, 1, 65535);
export const isValidUserID = (id: number): string[] => isInRange(id, 0, 2147483647);
export const isValidGroupID = isValidUserID;

/** A name that can be one segment of a URL path: the loosest rule, for RBAC and Events. */
export const isPathSegmentName: ValidateName = (name, prefix) => {
  if (!prefix && (name === '.' || name === '..')) return [`may not be '${name}'`];
  return ['/', '%'].filter((bad) => name.includes(bad)).map((bad) => `may not contain '${bad}'`);
};

// A generateName may end in a hyphen; upstream masks the last two characters before it looks.
const maskTrailingDash = (name: string) => (name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name);
const maskingDash =
  (check: NameCheck): ValidateName =>
  (name, prefix) =>
    check(prefix ? maskTrailingDash(name) : name);

export const nameIsDNSSubdomain = maskingDash(isDNS1123Subdomain);
export const nameIsDNSLabel = maskingDash(isDNS1123Label);
export const nameIsDNS1035Label = maskingDash(isDNS1035Label);

/** A subdomain of at least three segments: signer and queue names. */
export function isFullyQualifiedName(field: string, name: string): FieldError[] {
  if (name === '') return [required(field)];
  const errors = isDNS1123Subdomain(name);
  if (errors.length) return [invalidValue(field, name, errors.join(','))];
  if (name.split('.').length >= 3) return [];
  return [invalidValue(field, name, 'should be a domain with at least three segments separated by dots')];
}

/** `acme.io/foo`: a subdomain and an HTTP path. */
export function isDomainPrefixedPath(field: string, value: string): FieldError[] {
  if (value === '') return [required(field)];
  const cut = value.indexOf('/');
  const [host, rest] = cut < 0 ? ['', ''] : [value.slice(0, cut), value.slice(cut + 1)];
  if (host === '' || rest === '') {
    return [invalidValue(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = isDNS1123Subdomain(host).map((m) => invalidValue(field, host, m));
  if (!re.httpPath.test(rest)) {
    errors.push(invalidValue(field, rest, regexError('Invalid path', "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+")));
  }
  return errors;
}

/** `acme.io/foo`: a label key that must have its prefix. */
export function isDomainPrefixedKey(field: string, key: string): FieldError[] {
  if (key === '') return [required(field)];
  const errors = isQualifiedName(key).map((m) => invalidValue(field, key, m));
  if (errors.length || key.includes('/')) return errors;
  return [invalidValue(field, key, 'must be a domain-prefixed key (such as "acme.io/foo")')];
}
