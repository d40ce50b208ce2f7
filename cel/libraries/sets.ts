// Lists as sets: sets.contains, sets.equivalent, sets.intersects.
// Mirrors: cel-go's ext/sets.go. Next: standard.ts decides membership.
import { type Overload, overload } from './declare.ts';
import { contains } from './standard.ts';

const includes = (a: unknown[], b: unknown[]) => b.every((v) => contains(a, v));

export const setLibrary: Overload[] = [
  overload('sets.contains', 'sets_contains_list_list', '(list(T), list(T)) -> bool', includes),
  overload(
    'sets.equivalent',
    'sets_equivalent_list_list',
    '(list(T), list(T)) -> bool',
    (a, b) => includes(a, b) && includes(b, a),
  ),
  overload('sets.intersects', 'sets_intersects_list_list', '(list(T), list(T)) -> bool', (a: unknown[], b: unknown[]) =>
    a.some((v) => contains(b, v)),
  ),
];
