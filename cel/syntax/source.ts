// Errors in an expression, printed as clients know them: line, column, the line itself and a caret below it.
// Reads: the text and offsets in it. Writes: text. Mirrors: cel-go's common/errors.go and common/error.go.
// Next: parser.ts and check/ collect into it; cel.ts answers with `text()`.

export interface SourceErrors {
  /** `at` is an offset in the expression, or -1 where no place is to blame. */
  report(at: number, message: string): void;
  readonly count: number;
  /** All of them in the order of their places. */
  text(): string;
}

const maxErrors = 100;
const isWide = (char: string | undefined) => char !== undefined && char > '\x7f';

function snippet(line: string, column: number): string {
  const chars = [...line.replaceAll('\t', ' ')];
  const dots = chars.slice(0, column).map((c) => (isWide(c) ? '．' : '.'));
  return `\n | ${chars.join('')}\n | ${dots.join('')}${isWide(chars[column]) ? '＾' : '^'}`;
}

export function sourceErrors(source: string): SourceErrors {
  const found: { at: number; message: string }[] = [];
  let count = 0;
  const display = ({ at, message }: { at: number; message: string }): string => {
    if (at < 0) return `ERROR: <input>:-1:0: ${message}`;
    const before = source.slice(0, at).split('\n');
    const column = [...before.at(-1)!].length;
    const line = source.split('\n')[before.length - 1]!;
    return `ERROR: <input>:${before.length}:${column + 1}: ${message}${snippet(line, column)}`;
  };
  return {
    report(at, message) {
      count++;
      if (found.length < maxErrors) found.push({ at, message });
    },
    get count() {
      return count;
    },
    text() {
      const shown = found.toSorted((a, b) => a.at - b.at).map(display);
      if (count > maxErrors) shown.push(`${count - maxErrors} more errors were truncated`);
      return shown.join('\n');
    },
  };
}
