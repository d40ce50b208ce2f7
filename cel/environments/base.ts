// What every expression in Kubernetes v1.35 may use, and since when: a client may write only what the release before knew too,
// so that a rollback finds no expression that it cannot read.
// Mirrors: apiserver/pkg/cel/environment/base.go. Next: cel.ts compiles in it; device.ts and policy.ts add variables.
import { authorizationLibrary } from '../libraries/authorization.ts';
import { cidrLibrary } from '../libraries/cidrs.ts';
import { conversionLibrary } from '../libraries/conversions.ts';
import { type FunctionTable, functionTable, type Overload } from '../libraries/declare.ts';
import { extendedListLibrary } from '../libraries/extendedLists.ts';
import { formatLibrary } from '../libraries/formats.ts';
import { ipLibrary } from '../libraries/ips.ts';
import { listLibrary } from '../libraries/lists.ts';
import { optionalLibrary } from '../libraries/optionals.ts';
import { quantityLibrary } from '../libraries/quantities.ts';
import { regexLibrary } from '../libraries/regex.ts';
import { semverLibrary } from '../libraries/semvers.ts';
import { setLibrary } from '../libraries/sets.ts';
import { standardLibrary } from '../libraries/standard.ts';
import { stringLibrary } from '../libraries/strings.ts';
import { timeLibrary } from '../libraries/time.ts';
import { urlLibrary } from '../libraries/urls.ts';
import {
  bindingMacros,
  listMacros,
  type MacroTable,
  optionalMacros,
  standardMacros,
  twoVariableMacros,
} from '../syntax/macros.ts';
import { patchLibrary } from './patches.ts';

type Macros = typeof standardMacros;
interface Feature {
  /** The minor version of Kubernetes 1 that brought it. */
  since: number;
  functions?: Overload[];
  macros?: Macros;
}

const features: Feature[] = [
  { since: 0, functions: [...standardLibrary, ...conversionLibrary, ...timeLibrary], macros: standardMacros },
  { since: 0, functions: [...urlLibrary, ...regexLibrary, ...listLibrary] },
  { since: 27, functions: authorizationLibrary },
  { since: 28, functions: [...optionalLibrary, ...quantityLibrary], macros: optionalMacros },
  { since: 29, functions: [...stringLibrary, ...setLibrary] },
  { since: 30, functions: [...ipLibrary, ...cidrLibrary] },
  { since: 31, functions: formatLibrary },
  { since: 32, macros: twoVariableMacros },
  { since: 33, functions: semverLibrary },
  { since: 34, functions: extendedListLibrary, macros: listMacros },
];
/** What not all expressions have: cel.bind is for device selectors, patches are for mutating policies. */
const extras = {
  bindings: { since: 31, macros: bindingMacros },
  patches: { since: 0, functions: patchLibrary },
} satisfies Record<string, Feature>;
const extraNames = ['bindings', 'patches'] as const;
type Extras = { readonly [name in keyof typeof extras]?: boolean };

const compatible = { new: 34, stored: 35 };

export interface Environment {
  functions: FunctionTable;
  macros: MacroTable;
}
const made = new Map<string, Environment>();

export function environmentOf(mode: 'new' | 'stored', wanted: Extras): Environment {
  const more = extraNames.filter((name) => wanted[name]);
  const key = [mode, ...more].join('/');
  let environment = made.get(key);
  if (!environment) {
    const known: Feature[] = [...features, ...more.map((name) => extras[name])].filter(
      (f) => f.since <= compatible[mode],
    );
    environment = {
      functions: functionTable(...known.map((f) => f.functions ?? [])),
      macros: new Map(known.flatMap((f) => f.macros ?? [])),
    };
    made.set(key, environment);
  }
  return environment;
}
