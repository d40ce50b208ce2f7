// A line of shell as steps: pipes of commands, loops and conditions, joined by `;`, `&&` and `||`, with outputs sent elsewhere. Pure.
// Words stay as they were written; expand.ts makes arguments of them when they run. Used by: shell.ts, known.ts.
// Functions, groups, input from files and background jobs are beyond it and are refused.

type Out = 'stdout' | 'stderr' | 'nowhere';

export interface Simple {
  words: string[];
  /** `>&2`, `>/dev/null`, `2>&1` … */
  stdout: Out;
  stderr: Out;
  /** `>FILE`, `2>>FILE`: the word that names the file, as it was written. */
  files: { from: 'stdout' | 'stderr'; word: string; append: boolean }[];
  /** `! command` */
  negated: boolean;
}
/** `for NAME in WORDS; do …; done`, or, with a condition, `while …; do …; done` (`until`: as long as it fails). */
export interface Loop {
  name?: string;
  words: string[];
  condition?: Step[];
  until?: boolean;
  body: Step[];
}
/** `if …; then …; elif …; then …; else …; fi` */
export interface Choice {
  branches: { condition: Step[]; body: Step[] }[];
  otherwise: Step[];
}
export type Stage = Simple | Loop | Choice;
export interface Step {
  /** When it runs: always, or by the outcome of the one before it. */
  after: ';' | '&&' | '||';
  pipe: Stage[];
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
const ends = (token: Token | undefined) =>
  !token || (!token.operator && /^(do|done|then|elif|else|fi)$/.test(token.text));
const isBreak = (token: Token | undefined) => token?.operator && /^[;\n]$/.test(token.text);

/** Takes what it understands from the front of `left`, up to `do`, `then` or the like, or the end. */
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

function parseStage(left: Token[]): Stage {
  const first = left[0];
  if (!first || (first.operator && !isRedirect(first.text))) throw unexpected(first);
  if (first.text === 'for' || first.text === 'while' || first.text === 'until') return parseLoop(left);
  if (first.text === 'if') return parseChoice(left);
  const command: Simple = { words: [], stdout: 'stdout', stderr: 'stderr', files: [], negated: first.text === '!' };
  if (command.negated) left.shift();
  for (let token = left[0]; token && (!token.operator || isRedirect(token.text)); token = left[0]) {
    left.shift();
    if (!token.operator) command.words.push(token.text);
    else if (toFile.test(token.text)) command.files.push(fileOf(token.text, left.shift()));
    else redirect(command, token.text);
  }
  return command;
}

function fileOf(operator: string, target: Token | undefined): Simple['files'][number] {
  if (!target || target.operator) throw unexpected(target);
  const from = operator.startsWith('2') ? 'stderr' : 'stdout';
  return { from, word: target.text, append: operator.endsWith('>>') };
}

function parseChoice(left: Token[]): Choice {
  const choice: Choice = { branches: [], otherwise: [] };
  for (let word = left.shift()?.text; word !== 'fi'; word = left.shift()?.text) {
    if (word === 'else') choice.otherwise = parseSteps(left);
    else if (word === 'if' || word === 'elif') {
      const condition = parseSteps(left);
      if (left.shift()?.text !== 'then') throw unexpected(left[0]);
      choice.branches.push({ condition, body: parseSteps(left) });
    } else throw unexpected(undefined);
  }
  return choice;
}

function parseLoop(left: Token[]): Loop {
  const loop: Loop = { words: [], body: [] };
  const kind = left.shift()!.text;
  if (kind !== 'for') Object.assign(loop, { condition: parseSteps(left), until: kind === 'until' });
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

/** What words are made of; `$(…)` may hold two more pairs of parentheses, and so `$((…))` one. */
export const wordPart = /'[^']*'|"(?:\\.|[^"\\])*"|\$\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\\.|[^\s'"\\;&|<>()]/s;

function* tokens(line: string): Generator<Token> {
  let rest = line;
  while (rest) {
    const space = /^(?:[ \t\r]+|#[^\n]*)/.exec(rest);
    if (space) {
      rest = rest.slice(space[0].length);
      continue;
    }
    const operator = /^(?:&&|\|\||[;|\n]|[12]?>&[12]|[12]?>>?\s*\/dev\/(?:null|stdout|stderr)|[12]?>>?)/.exec(rest);
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
const toFile = /^[12]?>>?$/;

function redirect(command: Simple, text: string): void {
  const from = text.startsWith('2') ? 'stderr' : 'stdout';
  if (text.endsWith('null')) command[from] = 'nowhere';
  else command[from] = text.endsWith('2') || text.endsWith('stderr') ? 'stderr' : 'stdout';
}
