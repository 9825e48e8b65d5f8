/** Milliseconds of a frame that may go into plots: the rest of them waits for the next frame. */
const BUDGET = 8;

/** Draws what has changed, a few plots a frame, so that the page answers between them. */
export class DrawQueue {
  private readonly waiting = new Set<() => void>();
  private isDue = false;

  /** Puts a plot in line, once. */
  add(draw: () => void): void {
    this.waiting.add(draw);
    this.due();
  }

  /** Puts a plot first: the one that somebody works with. */
  addFirst(draw: () => void): void {
    const others = [...this.waiting].filter((other) => other !== draw);
    this.waiting.clear();
    for (const one of [draw, ...others]) this.waiting.add(one);
    this.due();
  }

  remove(draw: () => void): void {
    this.waiting.delete(draw);
  }

  private due(): void {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      const end = performance.now() + BUDGET;
      for (const draw of this.waiting) {
        this.waiting.delete(draw);
        draw();
        if (performance.now() > end) break;
      }
      if (this.waiting.size > 0) this.due();
    });
  }
}
