// Why a text is no JSON, in the words of Go's decoder: clients and their tests show them.
// Only run for texts that JSON.parse has refused. Mirrors: encoding/json/scanner.go. Called by jsonText.ts.
import { goQuote } from '../apimachinery/goQuote.ts';

const unexpectedEnd = 'unexpected end of JSON input';

/** `text` must be invalid; gives what Go's scanner says of the first character that does not fit. */
export function goSyntaxError(text: string): string {
  const scanner = new Scanner(text);
  const context = scanner.run();
  if (context === undefined || scanner.at >= text.length) return unexpectedEnd;
  return `invalid character ${quoted(text, scanner.at)} ${context}`;
}

/** Go looks at bytes: of a character beyond ASCII it shows the first one. */
function quoted(text: string, at: number): string {
  const char = String.fromCodePoint(text.codePointAt(at)!);
  const first = String.fromCharCode(Buffer.from(char)[0]!);
  if (first === "'") return `'\\''`;
  if (first === '"') return `'"'`;
  return `'${goQuote(first).slice(1, -1)}'`;
}

const space = /[ \t\r\n]/;
const digit = /[0-9]/;

class Scanner {
  at = 0;
  readonly #text: string;
  /** What encloses the place: `{` or `[`. */
  readonly #open: ('{' | '[')[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  /** Undefined: the text ends too early, or is fine. Else what was looked for at `at`. */
  run(): string | undefined {
    let wrong = this.#value();
    while (wrong === undefined && this.#open.length) wrong = this.#afterValue();
    if (wrong !== undefined) return wrong;
    this.#skip();
    return this.#peek() === undefined ? undefined : 'after top-level value';
  }

  #peek = () => this.#text[this.at];

  #skip(): void {
    while (this.at < this.#text.length && space.test(this.#text[this.at]!)) this.at++;
  }

  /** Up to the end of a scalar, or into the first value of a container. */
  #value(): string | undefined {
    for (;;) {
      this.#skip();
      const c = this.#peek();
      if (c === '{' || c === '[') {
        this.at++;
        this.#open.push(c);
        this.#skip();
        if (this.#peek() === (c === '{' ? '}' : ']')) {
          this.at++;
          this.#open.pop();
          return undefined;
        }
        if (c === '[') continue;
        const wrong = this.#key();
        if (wrong !== undefined) return wrong;
        continue;
      }
      if (c === undefined) return '';
      if (c === '"') return this.#string();
      if (c === '-' || digit.test(c)) return this.#number();
      const literal = ['true', 'false', 'null'].find((word) => word[0] === c);
      return literal ? this.#literal(literal) : 'looking for beginning of value';
    }
  }

  #afterValue(): string | undefined {
    this.#skip();
    const c = this.#peek();
    const inObject = this.#open.at(-1) === '{';
    if (c === undefined) return '';
    if (c === (inObject ? '}' : ']')) {
      this.at++;
      this.#open.pop();
      return undefined;
    }
    if (c !== ',') return inObject ? 'after object key:value pair' : 'after array element';
    this.at++;
    this.#skip();
    const wrong = inObject ? this.#key() : undefined;
    return wrong ?? this.#value();
  }

  #key(): string | undefined {
    if (this.#peek() !== '"') return 'looking for beginning of object key string';
    const wrong = this.#string();
    if (wrong !== undefined) return wrong;
    this.#skip();
    if (this.#peek() !== ':') return 'after object key';
    this.at++;
    return undefined;
  }

  #string(): string | undefined {
    for (this.at++; this.at < this.#text.length; this.at++) {
      const c = this.#text[this.at]!;
      if (c === '"') {
        this.at++;
        return undefined;
      }
      if (c < ' ') return 'in string literal';
      if (c !== '\\') continue;
      const escaped = this.#text[++this.at];
      if (escaped === 'u') {
        for (let i = 0; i < 4; i++)
          if (!/[0-9a-fA-F]/.test(this.#text[++this.at] ?? '')) return 'in \\u hexadecimal character escape';
      } else if (escaped === undefined || !'bfnrt\\/"'.includes(escaped)) return 'in string escape code';
    }
    return '';
  }

  #number(): string | undefined {
    if (this.#peek() === '-') this.at++;
    if (!digit.test(this.#peek() ?? '')) return 'in numeric literal';
    if (this.#peek() === '0') this.at++;
    else this.#digits();
    if (this.#peek() === '.') {
      this.at++;
      if (!digit.test(this.#peek() ?? '')) return 'after decimal point in numeric literal';
      this.#digits();
    }
    if (this.#peek() === 'e' || this.#peek() === 'E') {
      this.at++;
      if (this.#peek() === '+' || this.#peek() === '-') this.at++;
      if (!digit.test(this.#peek() ?? '')) return 'in exponent of numeric literal';
      this.#digits();
    }
    return undefined;
  }

  #digits(): void {
    while (digit.test(this.#peek() ?? '')) this.at++;
  }

  #literal(word: string): string | undefined {
    for (const c of word) {
      if (this.#peek() !== c) return `in literal ${word} (expecting '${c}')`;
      this.at++;
    }
    return undefined;
  }
}
