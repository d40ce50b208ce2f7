// The causal tree as text: one line a hop, indented under its cause, with the time since the first, who wrote it and why.
import type { WriteRecord } from '../../apimachinery/trace.ts';
import type { Hop } from './causalTree.ts';

/** Plain lines; no colour, so that they can be compared and piped. */
export function printTree(roots: readonly Hop[]): string[] {
  const first = roots[0];
  if (!first) return [];
  const start = Date.parse(first.record.time);
  const lines: string[] = [];
  const visit = (hop: Hop, indent: string, last: boolean, depth: number) => {
    const mark = depth === 0 ? '' : last ? '└─ ' : '├─ ';
    lines.push(hopLine(hop, `${indent}${mark}`, start));
    const inner = depth === 0 ? '' : `${indent}${last ? '   ' : '│  '}`;
    for (const [i, child] of hop.children.entries()) visit(child, inner, i === hop.children.length - 1, depth + 1);
  };
  for (const root of roots) visit(root, '', true, 0);
  return lines;
}

/** One hop alone, as --follow prints it. */
export function hopLine(hop: Hop, lead: string, start: number): string {
  const { record } = hop;
  const offset = `+${formatMs(Date.parse(record.time) - start)}`.padStart(9);
  const what = `${verbOf(record)} ${shortResource(record.resource)}/${record.name}${record.subresource ? ` (${record.subresource})` : ''}`;
  const message = record.message ? ` ${record.message}` : '';
  const took = record.durationMs === undefined ? '' : ` in ${formatMs(record.durationMs)}`;
  return `${offset}  ${lead}${what}${message}${took}  by ${whoOf(record)}  ${whyOf(hop)}`;
}

export const formatMs = (ms: number): string => (ms < 1000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(2)}s`);

const verbOf = (r: WriteRecord) => (r.span ? `[${r.verb}]` : r.verb);
const shortResource = (resource: string) => resource.split('.', 1)[0]!;

const accounts = 'system:serviceaccount:kube-system:';

function whoOf(r: WriteRecord): string {
  const user = r.user.startsWith(accounts) ? r.user.slice(accounts.length) : r.user;
  const program = (r.component ?? '').split('/', 1)[0];
  return program && !user.includes(program) ? `${user} (${program})` : user;
}

function whyOf(hop: Hop): string {
  if (hop.because.kind === 'none') return 'no recorded cause';
  const more = hop.alsoBecauseOf.length ? ` and ${hop.alsoBecauseOf.length} more` : '';
  return `because of ${shortCause(hop.because.text)}${more}`;
}

/** `replicasets/web-5d8f@123`: group and namespace are plain from the line above. */
function shortCause(text: string): string {
  const m = /^([^/]+)\/[^/]*\/(.+)$/.exec(text);
  return m ? `${shortResource(m[1]!)}/${m[2]}` : text;
}
