// A line of shell as a list of commands: words with quotes and variables, `;`, `&&`, `||`, and outputs sent elsewhere. Pure.
// Used by: shell.ts. Pipes, loops and functions are beyond it and are refused by name.

export interface Command {
  /** When it runs: always, or by the outcome of the one before it. */
  after: ';' | '&&' | '||';
  words: string[];
  /** `>&2`, `>/dev/null`, `2>&1` … */
  stdout: 'stdout' | 'stderr' | 'nowhere';
  stderr: 'stdout' | 'stderr' | 'nowhere';
}

export class SyntaxProblem extends Error {}

/** `variable` gives `$NAME` and `$?`. Throws SyntaxProblem. */
export function parseLine(line: string, variable: (name: string) => string): Command[] {
  const commands: Command[] = [];
  let current = empty(';');
  const finish = (after: Command['after']) => {
    if (current.words.length) commands.push(current);
    current = empty(after);
  };
  for (const token of tokens(line)) {
    if (token.text === ';' || token.text === '\n') finish(';');
    else if (token.text === '&&' || token.text === '||') finish(token.text);
    else if (token.operator) redirect(current, token.text);
    else current.words.push(expand(token.text, variable));
  }
  finish(';');
  return commands;
}

const empty = (after: Command['after']): Command => ({ after, words: [], stdout: 'stdout', stderr: 'stderr' });

interface Token {
  /** Of a word: as it was written, quotes and all. */
  text: string;
  operator?: true;
}

const wordPart = /'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\;&|<>()]/s;

function* tokens(line: string): Generator<Token> {
  let rest = line;
  while (rest) {
    const space = /^(?:[ \t\r]+|#[^\n]*)/.exec(rest);
    if (space) {
      rest = rest.slice(space[0].length);
      continue;
    }
    const operator = /^(?:&&|\|\||;|\n|[12]?>&[12]|[12]?>>?\s*\/dev\/(?:null|stdout|stderr))/.exec(rest);
    if (operator) {
      yield { text: operator[0], operator: true };
      rest = rest.slice(operator[0].length);
      continue;
    }
    let word = '';
    for (let part = wordPart.exec(rest); part?.index === 0; part = wordPart.exec(rest)) {
      word += part[0];
      rest = rest.slice(part[0].length);
    }
    if (!word) throw new SyntaxProblem(`the simulated shell does not know "${rest.slice(0, 1)}"`);
    yield { text: word };
  }
}

function redirect(command: Command, text: string): void {
  const from = text.startsWith('2') ? 'stderr' : 'stdout';
  if (text.endsWith('null')) command[from] = 'nowhere';
  else command[from] = text.endsWith('2') || text.endsWith('stderr') ? 'stderr' : 'stdout';
}

function expand(word: string, variable: (name: string) => string): string {
  const variables = (text: string) =>
    text.replace(/\\([$"\\`])|\$(?:\{(\w+|\?)\}|(\w+|\?))/g, (_, escaped, braced, bare) =>
      escaped !== undefined ? escaped : variable(braced ?? bare),
    );
  const part = new RegExp(wordPart.source, 'gs');
  return word.replace(/'[^']*'|"(?:\\.|[^"\\])*"|(?:\\.|[^'"\\])+/gs, (text) => {
    if (text.startsWith("'")) return text.slice(1, -1);
    if (text.startsWith('"')) return variables(text.slice(1, -1));
    return variables(text.replace(part, (p) => (p.length === 2 && p[0] === '\\' && p[1] !== '$' ? p[1]! : p)));
  });
}
