// Does --controllers ask for this one? A name, or an alias of it, decides for itself; otherwise '*' does, but for those that are
// off by default. Pure. Mirrors: IsControllerEnabled in k8s.io/controller-manager/app. Used by: controllers.ts and cloud/main.ts.
import { withoutAlias } from './aliases.ts';
import { disabledByDefault } from './names.ts';

export function isEnabled(name: string, asked: readonly string[]): boolean {
  const wanted = asked.map(withoutAlias);
  if (wanted.includes(name)) return true;
  if (wanted.includes(`-${name}`)) return false;
  return wanted.includes('*') && !disabledByDefault.includes(name);
}
