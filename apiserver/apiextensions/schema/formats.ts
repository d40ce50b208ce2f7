// The string formats that a schema may ask for; others mean nothing.
// Mirrors: kube-openapi's pkg/validation/strfmt and apiextensions-apiserver/pkg/apiserver/validation/formats.go. Pure.
// Used by: valueChecks.ts.
import { isValidCIDRForLegacyField, isValidIPForLegacyField } from '../../../apimachinery/ipFormat.ts';
import { isDNS1123Label, isDNS1123Subdomain } from '../../../apimachinery/names.ts';

type Check = (text: string) => boolean;

const hex = (digits: number) => `[0-9a-f]{${digits}}`;
const uuid = (version: string) => new RegExp(`^${hex(8)}-?${hex(4)}-?${version}${hex(3)}-?${hex(4)}-?${hex(12)}$`, 'i');
const versioned = (version: string) =>
  new RegExp(`^${hex(8)}-?${hex(4)}-?${version}${hex(3)}-?[89ab]${hex(3)}-?${hex(12)}$`, 'i');

const isDate = (text: string) => {
  const m = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!m) return false;
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
};

const isDateTime = (text: string) => {
  const m = /^(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?$/.exec(text);
  return m !== null && isDate(m[1]!) && Number(m[2]) < 24 && Number(m[3]) < 60 && Number(m[4]) <= 60;
};

const goDuration = /^[-+]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/;

/** Go's (`1h2m`) and the words of the library: `3 days`, `2 weeks`. */
function isDuration(text: string): boolean {
  if (/^[-+]?0$/.test(text)) return true;
  if (
    /^\s*\d+(\.\d+)?\s*(ns|nanos?|nanoseconds?|us|µs|micros?|microseconds?|ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)\s*$/i.test(
      text,
    )
  )
    return true;
  let rest = text.replace(/^[-+]/, '');
  if (!rest) return false;
  while (rest) {
    const part = goDuration.exec(rest);
    if (!part || /^[-+]/.test(rest)) return false;
    rest = rest.slice(part[0].length);
  }
  return true;
}

const isURI: Check = (text) => {
  if (!/^([A-Za-z][A-Za-z0-9+.-]*:|\/)/.test(text) || /[\s\p{Cc}]/u.test(text)) return false;
  return !/%(?![0-9A-Fa-f]{2})/.test(text);
};

const isEmail: Check = (text) =>
  /^("[^"\\]{1,64}"|[^\s@<>(),;:"[\]\\]{1,64})@[^\s@<>(),;:"[\]\\]{1,255}$/.test(
    text.replace(/^[^<>]*<([^<>]*)>$/, '$1'),
  );

const hostLabel = /^[a-zA-Z0-9\u00a1-\uffff_]([a-zA-Z0-9\u00a1-\uffff_-]{0,61}[a-zA-Z0-9\u00a1-\uffff_])?$/;
const isHostname: Check = (text) =>
  text.length > 0 &&
  text.length <= 255 &&
  text
    .replace(/\.$/, '')
    .split('.')
    .every((label) => hostLabel.test(label));

function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const n = Number(digits[digits.length - 1 - i]);
    sum += i % 2 ? (n * 2 > 9 ? n * 2 - 9 : n * 2) : n;
  }
  return sum % 10 === 0;
}

function isbn10(text: string): boolean {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^\d{9}[\dXx]$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < 10; i++) sum += (10 - i) * (/[Xx]/.test(digits[i]!) ? 10 : Number(digits[i]));
  return sum % 11 === 0;
}

function isbn13(text: string): boolean {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^\d{13}$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < 13; i++) sum += Number(digits[i]) * (i % 2 ? 3 : 1);
  return sum % 10 === 0;
}

const byte = '(\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])';
const rgb = new RegExp(`^rgb\\(\\s*${byte}\\s*,\\s*${byte}\\s*,\\s*${byte}\\s*\\)$`);
const isIP = (text: string) => isValidIPForLegacyField('', text).length === 0;

const checks: Record<string, Check> = {
  bsonobjectid: (t) => /^[0-9a-fA-F]{24}$/.test(t),
  uri: isURI,
  email: isEmail,
  hostname: isHostname,
  ipv4: (t) => isIP(t) && !t.includes(':'),
  ipv6: (t) => isIP(t) && t.includes(':'),
  cidr: (t) => isValidCIDRForLegacyField('', t).length === 0,
  mac: (t) =>
    /^([0-9a-fA-F]{2}([:-])([0-9a-fA-F]{2}\2){4}([0-9a-fA-F]{2}\2?){0,2}[0-9a-fA-F]{2}|([0-9a-fA-F]{4}\.){2,3}[0-9a-fA-F]{4})$/.test(
      t,
    ),
  uuid: (t) => uuid('[0-9a-f]').test(t),
  uuid3: (t) => uuid('3').test(t),
  uuid4: (t) => versioned('4').test(t),
  uuid5: (t) => versioned('5').test(t),
  isbn: (t) => isbn10(t) || isbn13(t),
  isbn10,
  isbn13,
  creditcard: (t) => /^\d{13,16}$/.test(t.replace(/[^0-9]+/g, '')) && luhn(t.replace(/[^0-9]+/g, '')),
  ssn: (t) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(t),
  hexcolor: (t) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(t),
  rgbcolor: (t) => rgb.test(t),
  byte: (t) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(t) && t.length > 0,
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  'date-time': isDateTime,
  'k8s-short-name': (t) => isDNS1123Label(t).length === 0,
  'k8s-long-name': (t) => isDNS1123Subdomain(t).length === 0,
};

/** Formats that mean something: those that are checked, and those of numbers. */
export const isKnownFormat = (format: string): boolean =>
  Object.hasOwn(checks, format) || ['int32', 'int64', 'float', 'double'].includes(format);

/** Undefined for formats that are not checked. Hyphens do not count: `date-time` is `datetime`. */
export const formatCheck = (format: string): Check | undefined =>
  Object.hasOwn(checks, format) ? checks[format] : undefined;
