/** Milliseconds of a frame that may go into plots: at first, at least and at most. */
const BUDGET = { first: 4, least: 1, most: 12 };
/** Milliseconds between frames above which a screen of 60 Hz has missed one. */
const LATE = 20;

/**
 * Draws changed plots, a few per frame, so that the page stays responsive.
 *
 * The affordable number depends on the browser's work after the script, which no script can measure: it is inferred
 * from the time between frames.
 */
export class DrawQueue {
  private readonly waiting = new Set<() => void>();
  private first: (() => void) | undefined;
  private isDue = false;
  private budget = BUDGET.first;
  /** When the last frame began, if it left plots for this one; milliseconds. */
  private before: number | undefined;

  /** Appends a plot to the queue, at most once. */
  add(draw: () => void): void {
    this.waiting.add(draw);
    this.due();
  }

  /** Puts a plot first: the one that the user interacts with. */
  addFirst(draw: () => void): void {
    this.waiting.delete(draw);
    this.first = draw;
    this.due();
  }

  remove(draw: () => void): void {
    this.waiting.delete(draw);
    if (this.first === draw) this.first = undefined;
  }

  private due(): void {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame((now) => {
      this.isDue = false;
      this.adapt(now);
      this.drawSome();
      const isMore = this.waiting.size > 0;
      this.before = isMore ? now : undefined;
      if (isMore) this.due();
    });
  }

  private adapt(now: number): void {
    if (this.before === undefined) return;
    const isLate = now - this.before > LATE;
    this.budget = isLate ? Math.max(BUDGET.least, this.budget / 2) : Math.min(BUDGET.most, this.budget + 0.5);
  }

  /** Always draws one of the others, or they would wait as long as the user moves the first. */
  private drawSome(): void {
    const end = performance.now() + this.budget;
    this.first?.();
    this.first = undefined;
    for (const draw of this.waiting) {
      this.waiting.delete(draw);
      draw();
      if (performance.now() > end) return;
    }
  }
}
