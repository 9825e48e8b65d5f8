import type { Curve } from "./model.ts";

const FIRST_CAPACITY = 64;

/** Points of a curve that grows: adding one costs the same however many there are. */
export class GrowingCurve {
  /** Events below this sequence number are in it. */
  nextSequence: number;
  private steps: Float64Array;
  private times: Float64Array;
  private values: Float64Array;
  private length: number;
  private given: Curve | undefined;

  /** The columns of `curve` are not copied, and never written to: others may have them, too. */
  constructor({ steps, times, values }: Curve, nextSequence: number) {
    this.steps = steps;
    this.times = times;
    this.values = values;
    this.length = steps.length;
    this.nextSequence = nextSequence;
  }

  /** Adds a point. A stage that was resumed records some steps again: the later record replaces those from its step on. */
  append(step: number, time: number, value: number): void {
    if (this.length > 0 && (this.steps[this.length - 1] ?? 0) >= step) this.cutFrom(step);
    if (this.length === this.steps.length) this.resize(Math.max(FIRST_CAPACITY, this.length * 2));
    this.steps[this.length] = step;
    this.times[this.length] = time;
    this.values[this.length] = value;
    this.length++;
    this.given = undefined;
  }

  /** Snapshot of the curve; it is never modified once returned, since points are only appended after its end. */
  curve(): Curve {
    this.given ??= {
      steps: this.steps.subarray(0, this.length),
      times: this.times.subarray(0, this.length),
      values: this.values.subarray(0, this.length),
    };
    return this.given;
  }

  /** The rest moves to new columns: views of the old ones may have been given out. */
  private cutFrom(step: number): void {
    while (this.length > 0 && (this.steps[this.length - 1] ?? 0) >= step) this.length--;
    this.resize(this.steps.length);
  }

  private resize(capacity: number): void {
    const moved = (column: Float64Array): Float64Array => {
      const next = new Float64Array(capacity);
      next.set(column.subarray(0, this.length));
      return next;
    };
    this.steps = moved(this.steps);
    this.times = moved(this.times);
    this.values = moved(this.values);
  }
}
