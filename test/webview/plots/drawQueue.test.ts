import assert from "node:assert/strict";
import { DrawQueue } from "../../../webview/plots/drawQueue.ts";

/** Milliseconds of a frame on a screen of 60 Hz, and of one that was late. */
const BEAT = 16.7;
const LATE = 50;

describe("the queue of plots to draw", () => {
  let page: FakePage;

  beforeEach(() => {
    page = new FakePage();
  });

  afterEach(() => page.leave());

  it("draws what costs little in one frame, each plot once", () => {
    const queue = new DrawQueue();
    const plots = Array.from({ length: 8 }, () => page.plot(0.1));
    for (const { draw } of [...plots, ...plots]) queue.add(draw);
    page.frame(BEAT);
    assert.deepEqual(
      plots.map(({ times }) => times),
      Array.from({ length: 8 }, () => 1),
    );
    assert.equal(page.isFrameAsked, false);
  });

  it("leaves to the next frame what does not fit", () => {
    const queue = new DrawQueue();
    const plots = Array.from({ length: 6 }, () => page.plot(3));
    for (const { draw } of plots) queue.add(draw);
    page.frame(BEAT);
    assert.equal(sum(plots), 2);
    while (page.isFrameAsked) page.frame(BEAT);
    assert.equal(sum(plots), 6);
  });

  it("draws fewer a frame when frames come late, and more again when they do not", () => {
    const queue = new DrawQueue();
    const drawnIn = (interval: number): number => {
      const plots = Array.from({ length: 20 }, () => page.plot(1.1));
      for (const { draw } of plots) queue.add(draw);
      page.frame(interval);
      const drawn = sum(plots);
      for (const { draw } of plots) queue.remove(draw);
      return drawn;
    };
    const atFirst = drawnIn(BEAT);
    drawnIn(LATE);
    drawnIn(LATE);
    assert.equal(drawnIn(LATE), 1);
    for (let frame = 0; frame < 10; frame++) drawnIn(BEAT);
    assert.ok(drawnIn(BEAT) > atFirst);
  });

  it("draws the plot that somebody moves in every frame, and the others in turn", () => {
    const queue = new DrawQueue();
    const moved = page.plot(30);
    const others = Array.from({ length: 3 }, () => page.plot(30));
    for (let frame = 0; frame < 3; frame++) {
      queue.addFirst(moved.draw);
      for (const { draw, times } of others) if (times === 0) queue.add(draw);
      page.frame(LATE);
    }
    assert.equal(moved.times, 3);
    assert.deepEqual(
      others.map(({ times }) => times),
      [1, 1, 1],
    );
  });

  it("forgets a plot that is gone", () => {
    const queue = new DrawQueue();
    const [gone, stays] = [page.plot(1), page.plot(1)];
    queue.addFirst(gone.draw);
    queue.add(stays.draw);
    queue.remove(gone.draw);
    page.frame(BEAT);
    assert.deepEqual([gone.times, stays.times], [0, 1]);
  });
});

interface FakePlot {
  times: number;
  readonly draw: () => void;
}

function sum(plots: readonly FakePlot[]): number {
  return plots.reduce((total, { times }) => total + times, 0);
}

/** Frames and a clock that only the test moves. */
class FakePage {
  private readonly performance = Object.getOwnPropertyDescriptor(globalThis, "performance");
  private now = 1000;
  private begun = 1000;
  private asked: ((now: number) => void) | undefined;

  constructor() {
    Object.defineProperty(globalThis, "performance", { configurable: true, value: { now: () => this.now } });
    Object.assign(globalThis, { requestAnimationFrame: (frame: (now: number) => void) => (this.asked = frame) });
  }

  get isFrameAsked(): boolean {
    return this.asked !== undefined;
  }

  /** @param cost - Milliseconds that it takes to draw. */
  plot(cost: number): FakePlot {
    const plot = {
      times: 0,
      draw: () => {
        plot.times++;
        this.now += cost;
      },
    };
    return plot;
  }

  /** @param interval - Milliseconds since the last frame began. */
  frame(interval: number): void {
    this.begun += interval;
    this.now = Math.max(this.now, this.begun);
    const { asked } = this;
    this.asked = undefined;
    asked?.(this.begun);
  }

  leave(): void {
    if (this.performance !== undefined) Object.defineProperty(globalThis, "performance", this.performance);
    Reflect.deleteProperty(globalThis, "requestAnimationFrame");
  }
}
