// What a pure function gave for a text, kept for the next time that the same text comes: pods of one template differ in their names alone.
// Two generations stand for an order of use: what is asked for moves to the young one, and the old one goes when the young one is full.
// Used by: the API server's writes, for what is worked out from the JSON of an object's parts.

export class Remembered<T> {
  readonly #most: number;
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  #size = 0;

  /** `most`: characters of text that a generation holds. */
  constructor(most: number) {
    this.#most = most;
  }

  get(text: string): T | undefined {
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const before = this.#old.get(text);
    if (before !== undefined) this.set(text, before);
    return before;
  }

  /** A text longer than a generation is not kept. */
  set(text: string, value: T): void {
    if (text.length > this.#most) return;
    if (this.#size + text.length > this.#most) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#size = 0;
    }
    if (!this.#young.has(text)) this.#size += text.length;
    this.#young.set(text, value);
  }
}

/** One for each owner, made when it is first asked for and gone with the owner. */
export function rememberedBy<K extends object, T>(most: number): (owner: K) => Remembered<T> {
  const all = new WeakMap<K, Remembered<T>>();
  return (owner) => {
    const known = all.get(owner) ?? new Remembered<T>(most);
    all.set(owner, known);
    return known;
  };
}
