// Label and field selectors of a list, watch or deletecollection, as one test over a cached object.
// Reads: query parameters and the kind's selectable fields. Mirrors: apiserver/pkg/endpoints/handlers/get.go and each strategy's SelectableFields.
import { type FieldSelector, parseFieldSelector } from '../../apimachinery/fieldSelector.ts';
import { goQuote } from '../../apimachinery/goQuote.ts';
import { parseLabelSelector } from '../../apimachinery/labelSelector.ts';
import { badRequest } from '../../apimachinery/status.ts';
import { servedObject } from '../codecs/codecs.ts';
import { fieldsOf, type Served } from '../kinds/registry.ts';
import type { Cached } from '../storage/cached.ts';

export interface Selection {
  /** True: everything matches. */
  everything: boolean;
  matches(cached: Cached): boolean;
}

/** One for the many watches that select nothing. */
const all: Selection = { everything: true, matches: () => true };

/** `name`: the watch or list of a single object. Throws 400 for what cannot be parsed or selected by. */
export function selectionOf(query: URLSearchParams, served: Served, name = ''): Selection {
  const labels = parsed(() => parseLabelSelector(query.get('labelSelector') ?? ''));
  const fields = parsed(() => parseFieldSelector(query.get('fieldSelector') ?? ''));
  if (name && fields.requirements.length && fields.exact('metadata.name') !== name)
    throw badRequest("fieldSelector metadata.name doesn't match requested name");
  checkFields(served, fields);
  const anyLabels = labels.requirements.length === 0;
  const anyFields = fields.requirements.length === 0;
  if (anyLabels && anyFields && !name) return all;
  const readFields = served.kind.storedAs ? fieldsOf(served.kind) : undefined;
  const fieldsFor = (c: Cached) => (readFields ? readFields(servedObject(served, c)) : c.fields);
  return {
    everything: false,
    matches: (c) =>
      (!name || c.name === name) &&
      (anyLabels || labels.matches(c.labels)) &&
      (anyFields || fields.matches(fieldsFor(c))),
  };
}

/** A selector that cannot be parsed is the client's mistake. */
function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw badRequest((error as Error).message);
  }
}

/** Kinds that offer fields of their own name what they do not know; the others have one rule for all. */
function checkFields(served: Served, fields: FieldSelector): void {
  const { kind } = served;
  const ownRule = kind.selectableFields !== undefined || !served.bareItems;
  for (const { field: key } of fields.requirements) {
    if (key === 'metadata.name' || (key === 'metadata.namespace' && (kind.namespaced || !ownRule))) continue;
    if (kind.selectableFields && Object.hasOwn(kind.selectableFields, key)) continue;
    throw badRequest(
      ownRule
        ? `field label not supported: ${key}`
        : `${goQuote(key)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
}
