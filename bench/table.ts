// The result as a Markdown table: what, our figure, the reference's figure of the same run, the ratio.

export type Row =
  | { what: string; ours: number; unit: string; reference: string; theirs: number }
  | { what: string; text: string; reference?: string };

const number = (n: number): string => (n >= 100 ? Math.round(n).toLocaleString('en-US') : n.toFixed(1));

export function table(rows: readonly Row[]): string {
  const lines = rows.map((r) => {
    if ('text' in r) return `| ${r.what} | ${r.text} | ${r.reference ?? ''} | |`;
    return `| ${r.what} | ${number(r.ours)}${r.unit} | ${r.reference} ${number(r.theirs)}${r.unit} | ${(r.ours / r.theirs).toFixed(2)} |`;
  });
  return ['| what | mini-k8s | beside it, same run | ratio |', '| --- | --- | --- | --- |', ...lines].join('\n');
}
