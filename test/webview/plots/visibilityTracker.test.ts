import assert from "node:assert/strict";
import { mock } from "node:test";
import { VisibilityTracker, type Watched } from "../../../webview/plots/visibilityTracker.ts";

/** Height of the page in pixels. */
const HEIGHT = 600;

describe("what is in sight", () => {
  let tell: (...plots: readonly FakePlot[]) => void;

  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout"] });
    class Observer {
      constructor(take: (entries: readonly object[]) => void) {
        tell = (...plots) =>
          take(plots.map((target) => ({ target, isIntersecting: target.isNear, boundingClientRect: target.place })));
      }

      observe(): void {
        return undefined;
      }

      unobserve(): void {
        return undefined;
      }

      disconnect(): void {
        return undefined;
      }
    }
    Object.assign(globalThis, { IntersectionObserver: Observer, window: { innerHeight: HEIGHT } });
  });

  afterEach(() => {
    mock.timers.reset();
    Reflect.deleteProperty(globalThis, "IntersectionObserver");
    Reflect.deleteProperty(globalThis, "window");
  });

  it("is drawn at once, and what is close by when all of that is there", () => {
    const [first, second, close] = [new FakePlot(0), new FakePlot(500), new FakePlot(HEIGHT + 50)];
    observed(first, second, close);
    assert.deepEqual([first.seen, second.seen, close.seen], [true, true, false]);
    first.isWhole = true;
    mock.timers.tick(10_000);
    assert.equal(close.seen, false);
    second.isWhole = true;
    mock.timers.tick(1000);
    assert.equal(close.seen, true);
  });

  it("has what is scrolled to while the rest is on its way", () => {
    const [waiting, close] = [new FakePlot(0), new FakePlot(HEIGHT + 50)];
    observed(waiting, close);
    close.top = HEIGHT - 50;
    mock.timers.tick(1000);
    assert.equal(close.seen, true);
  });

  it("is left by plots that are far away or gone", () => {
    const [plot, close] = [new FakePlot(0), new FakePlot(-250)];
    const sight = observed(plot, close);
    plot.top = 5 * HEIGHT;
    tell(plot);
    assert.equal(plot.seen, false);
    sight.unobserve(close as unknown as Watched);
    mock.timers.tick(1000);
    assert.equal(close.seen, false);
  });

  function observed(...plots: readonly FakePlot[]): VisibilityTracker {
    const sight = new VisibilityTracker();
    for (const plot of plots) sight.observe(plot as unknown as Watched);
    tell(...plots);
    return sight;
  }
});

/** A plot 200 pixels high. */
class FakePlot {
  top: number;
  seen = false;
  isWhole = false;

  constructor(top: number) {
    this.top = top;
  }

  get place(): { readonly top: number; readonly bottom: number } {
    return { top: this.top, bottom: this.top + 200 };
  }

  get isNear(): boolean {
    return this.top < HEIGHT + 150 && this.top > -350;
  }

  getBoundingClientRect(): FakePlot["place"] {
    return this.place;
  }
}
