// Static tokens from a CSV file: token,user,uid,"group1,group2".
// Reads: the content of --token-auth-file, once. Mirrors: staging/src/k8s.io/apiserver/pkg/authentication/token/tokenfile/tokenfile.go.
// Next: authenticator.ts, where this is one of the token methods.
import type { UserInfo } from '../../apimachinery/types.ts';
import { UsageError } from '../../component-base/flags.ts';
import type { TokenMethod } from './authenticator.ts';

/** One CSV record's fields; quotes may hold commas, and `""` is a quote. */
function fields(line: string): string[] {
  const found: string[] = [];
  for (const m of line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    found.push(m[1] === undefined ? (m[2] ?? '').trim() : m[1].replaceAll('""', '"'));
  }
  return found;
}

/** Throws UsageError when a record lacks columns. */
export function parseTokenFile(content: string): Map<string, UserInfo> {
  const users = new Map<string, UserInfo>();
  content.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const [token = '', username = '', uid = '', groups = '', ...more] = fields(line);
    if (!uid && fields(line).length < 3) {
      throw new UsageError(`--token-auth-file: line ${i + 1} must have at least 3 columns: token, user, uid.`);
    }
    if (!token || more.length) throw new UsageError(`--token-auth-file: line ${i + 1} is not token,user,uid,"groups".`);
    const list = groups.split(',').map((g) => g.trim());
    users.set(token, { username, uid, ...(groups ? { groups: list.filter(Boolean) } : {}) });
  });
  return users;
}

/** Static tokens have no audience of their own: they serve whom they are shown to. */
export function tokenFileMethod(content: string): TokenMethod {
  const users = parseTokenFile(content);
  return async (token, audiences) => {
    const user = users.get(token);
    return user && { user, audiences: [...audiences] };
  };
}
