// Which names a CustomResourceDefinition gets: those it asks for, unless another one of its group has them already. Pure.
// Reads: its spec and status, the other definitions' accepted names. Mirrors: apiextensions-apiserver/pkg/controller/status/naming_controller.go.
// Called by statusOf.ts.
import { findCondition } from '../../../apimachinery/conditions.ts';
import { goQuote } from '../../../apimachinery/goQuote.ts';

export interface CrdCondition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime?: string;
}

/** Names that count as taken: plurals, singulars and short names are one set, kinds and list kinds another. */
export interface TakenNames {
  resources: ReadonlySet<string>;
  kinds: ReadonlySet<string>;
}

/** Of the definitions of one group. */
export function takenNames(definitions: readonly any[]): TakenNames {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { status } of definitions) {
    const names = status?.acceptedNames ?? {};
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) resources.add(name);
    for (const name of [names.kind, names.listKind]) if (name) kinds.add(name);
  }
  return { resources, kinds };
}

interface Naming {
  acceptedNames: any;
  namesAccepted: CrdCondition;
  established: CrdCondition;
}

const conflictOf = (wanted: string, accepted: string | undefined, taken: ReadonlySet<string>) =>
  wanted !== (accepted ?? '') && taken.has(wanted) ? `${goQuote(wanted)} is already in use` : undefined;

/** `taken`: by all definitions of the group, this one among them. */
export function nameDefinition(crd: any, taken: TakenNames): Naming {
  const wanted = crd.spec.names;
  const accepted = crd.status?.acceptedNames ?? {};
  const names = { ...accepted };
  let conflict: { reason: string; message: string } | undefined;
  const claim = (field: string, reason: string, used: ReadonlySet<string>) => {
    const message = conflictOf(wanted[field] ?? '', accepted[field], used);
    if (message) conflict = { reason, message };
    else names[field] = wanted[field] ?? '';
  };
  claim('plural', 'PluralConflict', taken.resources);
  claim('singular', 'SingularConflict', taken.resources);
  const short = shortNameConflict(wanted.shortNames ?? [], accepted, taken.resources);
  if (short) conflict = { reason: 'ShortNamesConflict', message: short };
  else setList(names, 'shortNames', wanted.shortNames);
  claim('kind', 'KindConflict', taken.kinds);
  claim('listKind', 'ListKindConflict', taken.kinds);
  setList(names, 'categories', wanted.categories);
  const namesAccepted: CrdCondition = conflict
    ? { type: 'NamesAccepted', status: 'False', ...conflict }
    : { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
  return { acceptedNames: names, namesAccepted, established: establishedAfter(crd, !conflict) };
}

function setList(names: any, field: string, list: string[] | undefined): void {
  if (list?.length) names[field] = list;
  else delete names[field];
}

function shortNameConflict(wanted: string[], accepted: any, taken: ReadonlySet<string>): string | undefined {
  const own = new Set([...(accepted.shortNames ?? []), accepted.plural, accepted.singular]);
  const texts = wanted
    .filter((name) => !own.has(name) && taken.has(name))
    .map((n) => `${goQuote(n)} is already in use`);
  if (!texts.length) return undefined;
  return texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
}

/** Names alone never establish anything: that is the next step, when every server can see that they are taken. */
function establishedAfter(crd: any, accepted: boolean): CrdCondition {
  const old = findCondition<any>(crd.status?.conditions, 'Established');
  if (old?.status !== 'True' && accepted)
    return {
      type: 'Established',
      status: 'False',
      reason: 'Installing',
      message: 'the initial names have been accepted',
    };
  return old ?? { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
}
