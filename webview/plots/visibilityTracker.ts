/** Pixels around what is in sight in which plots are drawn, too, so that they are there when they are scrolled to. */
const MARGIN = 150;
/** Milliseconds between looks whether what is in sight is done. */
const PAUSE = 200;

/** What is watched. */
export interface Watched extends Element {
  /** Told whether it is to be drawn. */
  seen: boolean;
  /** Whether all that it shows has come. */
  readonly isWhole: boolean;
}

/** Tells plots when they come into sight, and those close by once everything in sight is there: it is what is waited for. */
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
      // What is scrolled to meanwhile is in sight without the observer's saying so again.
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
