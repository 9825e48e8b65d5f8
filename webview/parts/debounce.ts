/** Runs the last of several tasks that come close upon each other. */
export class Debounce {
  private readonly pause: number;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Waits before it runs anything.
   * @param pause - Milliseconds without a newer task.
   */
  constructor(pause: number) {
    this.pause = pause;
  }

  run(task: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(task, this.pause);
  }

  cancel(): void {
    clearTimeout(this.timer);
  }
}
