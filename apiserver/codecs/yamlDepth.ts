// Refuses YAML that nests deeper than anything real, before the parser, which is slow at it and recursive, gets to see it.
// Reads a text; called by mediaTypes.ts. Mirrors: the limits on flow levels and indents of go-yaml's scanner.

/** Of go-yaml, for flow collections and for indents alike. */
const maxDepth = 10_000;

export const tooDeep = `exceeded max depth of ${maxDepth}`;

/**
 * Throws a SyntaxError for more open brackets, or more list and key marks in a row, than the limit. Brackets in quoted texts count
 * too: to tell them apart takes a parser, and no text has so many that stay open.
 */
export function checkYamlDepth(text: string): void {
  if (text.length < maxDepth) return;
  let open = 0;
  let marks = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x20) continue;
    if (c === 0x2d || c === 0x3f) marks++;
    else marks = 0;
    if (c === 0x5b || c === 0x7b) open++;
    else if ((c === 0x5d || c === 0x7d) && open > 0) open--;
    if (open > maxDepth || isNested(marks, text, i)) throw new SyntaxError(tooDeep);
  }
}

/** A row of dashes is a line or a separator; only dashes with spaces between them nest. */
const isNested = (marks: number, text: string, at: number): boolean =>
  marks > maxDepth && text[at - 1] === ' ' && text[at - 3] === ' ';
