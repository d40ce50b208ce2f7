// Field selectors: `metadata.name=web,status.phase!=Failed`, with backslash escapes in values.
// Reads: query parameters. Writes: matchers over a flat map of the kind's selectable fields.
// Mirrors: apimachinery/pkg/fields/selector.go, with its error texts. Next: kinds say which fields they offer.
import { SelectorError } from './labelSelector.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** All requirements must hold; a field that is absent counts as empty. */
export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[];
  matches(fields: Readonly<Record<string, string>>): boolean;
  /** The one value that `field` must have, when the selector says so. */
  exact(field: string): string | undefined;
  toString(): string;
}

/** Renames a field or value, or throws when the kind does not offer it; undefined drops the requirement. */
export type FieldTransform = (field: string, value: string) => { field: string; value: string } | undefined;

const escapeValue = (value: string): string => value.replace(/[\\,=]/g, '\\$&');

function unescapeValue(text: string): string {
  let value = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === ',' || c === '=') {
      throw new SelectorError(`invalid field selector: unescaped character in value: ${c.charCodeAt(0)}`);
    }
    if (c !== '\\') {
      value += c;
      continue;
    }
    const escaped = text[++i];
    if (escaped !== '\\' && escaped !== ',' && escaped !== '=') {
      const sequence = `\\${escaped === undefined ? '' : String.fromCodePoint(text.codePointAt(i)!)}`;
      throw new SelectorError(`invalid field selector: invalid escape sequence: ${sequence}`);
    }
    value += escaped;
  }
  return value;
}

/** Cuts at commas that no backslash protects. */
const splitTerms = (text: string): string[] => text.match(/(?:\\.|[^\\,]|\\$)+/gs) ?? [];

function parseTerm(term: string, all: string): FieldRequirement {
  const m = /!=|==?/.exec(term);
  if (!m) throw new SelectorError(`invalid selector: '${all}'; can't understand '${term}'`);
  const value = unescapeValue(term.slice(m.index + m[0].length));
  return { field: term.slice(0, m.index), operator: m[0] === '!=' ? '!=' : '=', value };
}

export function fieldSelectorFrom(requirements: readonly FieldRequirement[]): FieldSelector {
  return {
    requirements,
    matches: (fields) =>
      requirements.every((r) => {
        const value = Object.hasOwn(fields, r.field) ? fields[r.field]! : '';
        return (value === r.value) === (r.operator === '=');
      }),
    exact: (field) => requirements.find((r) => r.field === field && r.operator === '=')?.value,
    toString: () => requirements.map((r) => `${r.field}${r.operator}${escapeValue(r.value)}`).join(','),
  };
}

/** Selects every object. */
export const everyField: FieldSelector = fieldSelectorFrom([]);

const unchanged: FieldTransform = (field, value) => ({ field, value });

/** Empty text selects everything, and so does a term without field and value. Throws SelectorError, or what `transform` throws. */
export function parseFieldSelector(text: string, transform = unchanged): FieldSelector {
  if (text === '') return everyField;
  const parsed = splitTerms(text)
    .sort()
    .map((term) => parseTerm(term, text));
  const kept = parsed.flatMap((r) => {
    const changed = transform(r.field, r.value);
    return changed && (changed.field || changed.value) ? [{ ...changed, operator: r.operator }] : [];
  });
  return fieldSelectorFrom(kept);
}
