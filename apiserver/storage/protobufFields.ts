// Protobuf read field by field, without a description of the message and without copying what it holds.
// Used by etcdMessages.ts. The codecs of API objects are another matter: ../codecs/protobuf/.

/** Goes over the fields of a message: next() stands on one, the rest tell of it. */
export class Fields {
  /** Its number. */
  field = 0;
  /** A varint's value, exact up to 2^53. */
  number = 0;
  readonly #bytes: Buffer;
  readonly #end: number;
  /** Where the field's value begins; `#at` is behind it. */
  #start: number;
  #at: number;

  constructor(bytes: Buffer, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#start = start;
    this.#at = start;
    this.#end = end;
  }

  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) {
      this.#start = this.#at;
      this.number = this.#varint();
      return true;
    }
    const size = wire === 2 ? this.#varint() : wire === 1 ? 8 : 4;
    this.#start = this.#at;
    this.#at += size;
    if (this.#at > this.#end) throw new SyntaxError('a protobuf message that is cut off');
    return true;
  }

  /** A view, not a copy. */
  get value(): Buffer {
    return this.#bytes.subarray(this.#start, this.#at);
  }

  get message(): Fields {
    return new Fields(this.#bytes, this.#start, this.#at);
  }

  get text(): string {
    return this.#bytes.toString('utf8', this.#start, this.#at);
  }

  /** The varint when it may be beyond 2^53. */
  get big(): bigint {
    let value = 0n;
    for (let at = this.#start; at < this.#at; at++)
      value |= BigInt(this.#bytes[at]! & 0x7f) << BigInt(7 * (at - this.#start));
    return value;
  }

  #varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++]!;
    let value = byte & 0x7f;
    for (let unit = 128; byte >= 0x80; unit *= 128) {
      byte = bytes[this.#at++]!;
      value += (byte & 0x7f) * unit;
    }
    return value;
  }
}
