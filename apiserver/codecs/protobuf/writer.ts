// Protobuf written from the end to the front, as gogo's Marshal does: when a message's length must be written, it is known.
// One buffer serves all encodings of the process; the caller copies out what it made.
// Used by encode.ts and by openapi/gnostic.ts.

let buffer = Buffer.allocUnsafeSlow(256 * 1024);
/** What stays allocated between encodings: a giant object does not hold its memory for ever. */
const keptBytes = 4 * 1024 * 1024;

export class Writer {
  /** Everything from here to the end of the buffer is written. */
  pos = buffer.length;

  /** How much is written; the difference of two is a message's length. */
  get size(): number {
    return buffer.length - this.pos;
  }

  byte(value: number): void {
    this.#room(1);
    buffer[--this.pos] = value;
  }

  /** Forgets what was written. */
  reset(): void {
    if (buffer.length > keptBytes) buffer = Buffer.allocUnsafeSlow(256 * 1024);
    this.pos = buffer.length;
  }

  /** A copy of what was written. */
  bytes(): Buffer {
    const out = Buffer.allocUnsafeSlow(this.size);
    buffer.copy(out, 0, this.pos);
    return out;
  }

  #room(needed: number): void {
    if (this.pos >= needed) return;
    const { size } = this;
    const grown = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, size + needed));
    buffer.copy(grown, grown.length - size, this.pos);
    buffer = grown;
    this.pos = grown.length - size;
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    if (value < 0x80 && this.pos > 0) {
      buffer[--this.pos] = value;
      return;
    }
    this.#room(10);
    let length = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) length++;
    this.pos -= length;
    let at = this.pos;
    let rest = value;
    while (rest >= 0x80) {
      buffer[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    buffer[at] = rest;
  }

  /** int32 and int64: a negative one takes ten bytes. BigInts are what a number cannot hold. */
  int(value: number | bigint): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
      this.varint(Number(value));
      return;
    }
    this.#room(10);
    const parts: number[] = [];
    for (let rest = BigInt.asUintN(64, BigInt(value)); rest > 0n; rest >>= 7n) parts.push(Number(rest & 0x7fn) | 0x80);
    parts[parts.length - 1]! &= 0x7f;
    this.pos -= parts.length;
    buffer.set(parts, this.pos);
  }

  double(value: number): void {
    this.#room(8);
    this.pos -= 8;
    buffer.writeDoubleLE(value, this.pos);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.pos -= bytes.length;
    buffer.set(bytes, this.pos);
  }

  /** UTF-8 without a length. Short ASCII, which most is, is written here: a call out of JavaScript costs more. */
  text(value: string): void {
    const { length } = value;
    this.#room(length * 3);
    if (length <= 32 && this.#ascii(value)) return;
    const size = Buffer.byteLength(value);
    this.pos -= size;
    buffer.write(value, this.pos, size, 'utf8');
  }

  #ascii(value: string): boolean {
    let at = this.pos - value.length;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      buffer[at++] = code;
    }
    this.pos -= value.length;
    return true;
  }

  /** The length and the tag before a string, bytes or a message that began when `size` was `before`. */
  close(before: number, field: number): void {
    this.varint(this.size - before);
    this.varint(field * 8 + 2);
  }

  string(field: number, value: string): void {
    const before = this.size;
    this.text(value);
    this.close(before, field);
  }
}
