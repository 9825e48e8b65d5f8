type Numbers = Float64Array | Int32Array | Uint8Array;

/**
 * Numbers of one type, to which more are added at the end.
 *
 * Of millions: a plain array takes 8 bytes for each of them whatever they are, and leaves copies of itself behind as it grows.
 */
export class NumberList {
  private readonly type: new (buffer: ArrayBuffer) => Numbers;
  private buffer = new ArrayBuffer(1024);
  private values: Numbers;
  length = 0;

  constructor(type: new (buffer: ArrayBuffer) => Numbers) {
    this.type = type;
    this.values = new type(this.buffer);
  }

  at(index: number): number | undefined {
    return index < this.length ? this.values[index] : undefined;
  }

  /** @returns Where it stands. */
  push(value: number): number {
    if (this.length === this.values.length) {
      // Frees what it was before at once, and not with the next collection.
      this.buffer = this.buffer.transfer(2 * this.buffer.byteLength);
      this.values = new this.type(this.buffer);
    }
    this.values[this.length] = value;
    return this.length++;
  }
}
