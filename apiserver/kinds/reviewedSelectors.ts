// The selectors of an access review, as the text that the authorizer is asked with, and what is said of a part that cannot be read.
// Such a part is left out: the rest asks for more, so that no answer allows too much.
// Mirrors: ResourceAttributesFrom and BuildEvaluationError in pkg/registry/authorization/util/helpers.go. Used by: accessReview.ts.
import { type FieldRequirement, fieldSelectorFrom, parseFieldSelector } from '../../apimachinery/fieldSelector.ts';
import { parseLabelSelector, SelectorError, selectorOf } from '../../apimachinery/labelSelector.ts';

interface Read {
  /** Absent: the review has none, or none that can be read. */
  text?: string;
  broken?: 'ignored' | 'partially ignored';
}

/** Undefined when the selector is none. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    return undefined;
  }
}

function fromRaw(read: () => { toString(): string }): Read {
  const selector = readable(read);
  return selector ? { text: selector.toString() } : { broken: 'ignored' };
}

function fromRequirements<T>(all: any[], read: (r: any) => T | undefined, textOf: (kept: T[]) => string): Read {
  const kept = all.map(read).filter((r) => r !== undefined);
  return {
    ...(kept.length && { text: textOf(kept) }),
    ...(kept.length < all.length && { broken: kept.length ? 'partially ignored' : 'ignored' }),
  };
}

/** Fields are compared with one value at a time. */
function fieldRequirement({ key, operator, values }: any): FieldRequirement | undefined {
  if (values?.length !== 1 || (operator !== 'In' && operator !== 'NotIn')) return undefined;
  return { field: key, operator: operator === 'In' ? '=' : '!=', value: values[0] };
}

const labelRequirement = (requirement: any) => readable(() => selectorOf({ matchExpressions: [requirement] }));

function readFields({ rawSelector, requirements }: any): Read {
  if (requirements?.length)
    return fromRequirements(requirements, fieldRequirement, (kept) => fieldSelectorFrom(kept).toString());
  return fromRaw(() => parseFieldSelector(rawSelector));
}

function readLabels({ rawSelector, requirements }: any): Read {
  if (requirements?.length) return fromRequirements(requirements, labelRequirement, (kept) => kept.join(','));
  return fromRaw(() => parseLabelSelector(rawSelector));
}

/** `problems` are for the status; the texts for the authorizer. */
export function reviewedSelectors(resource: any): { fields?: string; labels?: string; problems: string[] } {
  const fields = resource?.fieldSelector ? readFields(resource.fieldSelector) : {};
  const labels = resource?.labelSelector ? readLabels(resource.labelSelector) : {};
  const problem = (name: string, { broken }: Read) =>
    broken ? [`spec.resourceAttributes.${name} ${broken} due to parse error`] : [];
  return {
    ...(fields.text !== undefined && { fields: fields.text }),
    ...(labels.text !== undefined && { labels: labels.text }),
    problems: [...problem('fieldSelector', fields), ...problem('labelSelector', labels)],
  };
}
