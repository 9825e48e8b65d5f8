/** Pixels beyond the viewport in which plots are drawn too, so that they are ready when scrolled to. */
const MARGIN = 150;
/** Milliseconds between checks whether the visible plots are complete. */
const PAUSE = 200;

/** An element whose visibility is tracked. */
export interface Watched extends Element {
  /** Set by the tracker: true if the element is to be drawn. */
  seen: boolean;
  /** True if all of its data has been received. */
  readonly isWhole: boolean;
}

/** Marks plots as seen when they are in view, and nearby ones once all visible plots are complete: those come first. */
export class VisibilityTracker {
  private readonly inSight = new Set<Watched>();
  private readonly close = new Set<Watched>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly observer = new IntersectionObserver((entries) => this.take(entries), { rootMargin: `${MARGIN}px` });

  observe(plot: Watched): void {
    this.observer.observe(plot);
  }

  unobserve(plot: Watched): void {
    this.observer.unobserve(plot);
    this.forget(plot);
  }

  disconnect(): void {
    this.observer.disconnect();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.inSight.clear();
    this.close.clear();
  }

  private take(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting, boundingClientRect } of entries) {
      const plot = target as Watched;
      this.forget(plot);
      const { top, bottom } = boundingClientRect;
      if (!isIntersecting) plot.seen = false;
      else if (bottom < 0 || top > window.innerHeight) this.close.add(plot);
      else this.show(plot);
    }
    this.due();
  }

  private show(plot: Watched): void {
    this.inSight.add(plot);
    plot.seen = true;
  }

  private due(): void {
    if (this.close.size > 0) this.timer ??= setTimeout(() => this.look(), PAUSE);
  }

  private look(): void {
    this.timer = undefined;
    const plots = [...this.close];
    this.close.clear();
    const isDone = [...this.inSight].every(({ isWhole }) => isWhole);
    for (const plot of plots) {
      // A plot scrolled into view meanwhile causes no further notification of the observer.
      if (isDone || isInSight(plot)) this.show(plot);
      else this.close.add(plot);
    }
    this.due();
  }

  private forget(plot: Watched): void {
    this.inSight.delete(plot);
    this.close.delete(plot);
  }
}

function isInSight(plot: Element): boolean {
  const { top, bottom } = plot.getBoundingClientRect();
  return bottom >= 0 && top <= window.innerHeight;
}
