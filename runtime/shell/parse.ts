// A line of shell as steps: pipes of commands and loops, joined by `;`, `&&` and `||`, with outputs sent elsewhere. Pure.
// Words stay as they were written; expand.ts makes arguments of them when they run. Used by: shell.ts.
// Functions, conditions, files to write to and background jobs are beyond it and are refused.

type Out = 'stdout' | 'stderr' | 'nowhere';

export interface Simple {
  words: string[];
  /** `>&2`, `>/dev/null`, `2>&1` … */
  stdout: Out;
  stderr: Out;
}
/** `for NAME in WORDS; do …; done`, or, with a condition, `while …; do …; done`. */
export interface Loop {
  name?: string;
  words: string[];
  condition?: Step[];
  body: Step[];
}
export interface Step {
  /** When it runs: always, or by the outcome of the one before it. */
  after: ';' | '&&' | '||';
  pipe: (Simple | Loop)[];
}

export class SyntaxProblem extends Error {}

/** Throws SyntaxProblem. */
export function parseLine(line: string): Step[] {
  const left = [...tokens(line)];
  const steps = parseSteps(left);
  if (left.length) throw unexpected(left[0]);
  return steps;
}

const unexpected = (token: Token | undefined) =>
  new SyntaxProblem(token ? `Syntax error: "${token.text}" unexpected` : 'Syntax error: end of file unexpected');
const ends = (token: Token | undefined) => !token || (!token.operator && /^(do|done)$/.test(token.text));
const isBreak = (token: Token | undefined) => token?.operator && /^[;\n]$/.test(token.text);

/** Takes what it understands from the front of `left`, up to `do`, `done` or the end. */
function parseSteps(left: Token[]): Step[] {
  const steps: Step[] = [];
  let after: Step['after'] = ';';
  for (;;) {
    while (isBreak(left[0])) left.shift();
    if (ends(left[0])) return steps;
    const pipe = [parseStage(left)];
    while (left[0]?.operator && left[0].text === '|') {
      left.shift();
      pipe.push(parseStage(left));
    }
    steps.push({ after, pipe });
    const joint = left[0]?.operator ? left.shift()!.text : undefined;
    after = joint === '&&' || joint === '||' ? joint : ';';
    if (joint === undefined && !ends(left[0])) throw unexpected(left[0]);
  }
}

function parseStage(left: Token[]): Simple | Loop {
  const first = left[0];
  if (!first || (first.operator && !isRedirect(first.text))) throw unexpected(first);
  if (first.text === 'for' || first.text === 'while') return parseLoop(left);
  const command: Simple = { words: [], stdout: 'stdout', stderr: 'stderr' };
  for (let token = left[0]; token && (!token.operator || isRedirect(token.text)); token = left[0]) {
    if (token.operator) redirect(command, token.text);
    else command.words.push(token.text);
    left.shift();
  }
  return command;
}

function parseLoop(left: Token[]): Loop {
  const loop: Loop = { words: [], body: [] };
  if (left.shift()!.text === 'while') loop.condition = parseSteps(left);
  else {
    loop.name = left.shift()?.text ?? '';
    if (left.shift()?.text !== 'in') throw unexpected(left[0]);
    while (left[0] && !left[0].operator) loop.words.push(left.shift()!.text);
    while (isBreak(left[0])) left.shift();
  }
  if (left.shift()?.text !== 'do') throw unexpected(left[0]);
  loop.body = parseSteps(left);
  if (left.shift()?.text !== 'done') throw unexpected(undefined);
  return loop;
}

interface Token {
  /** Of a word: as it was written, quotes and all. */
  text: string;
  operator?: true;
}

/** What words are made of; `$(…)` may hold one more pair of parentheses. */
export const wordPart = /'[^']*'|"(?:\\.|[^"\\])*"|\$\((?:[^()]|\([^()]*\))*\)|\\.|[^\s'"\\;&|<>()]/s;

function* tokens(line: string): Generator<Token> {
  let rest = line;
  while (rest) {
    const space = /^(?:[ \t\r]+|#[^\n]*)/.exec(rest);
    if (space) {
      rest = rest.slice(space[0].length);
      continue;
    }
    const operator = /^(?:&&|\|\||[;|\n]|[12]?>&[12]|[12]?>>?\s*\/dev\/(?:null|stdout|stderr))/.exec(rest);
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

const isRedirect = (operator: string) => operator.includes('>');

function redirect(command: Simple, text: string): void {
  const from = text.startsWith('2') ? 'stderr' : 'stdout';
  if (text.endsWith('null')) command[from] = 'nowhere';
  else command[from] = text.endsWith('2') || text.endsWith('stderr') ? 'stderr' : 'stdout';
}
