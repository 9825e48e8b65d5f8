/** Longest time in milliseconds until a folder is looked into again: a run that begins has its run.json long before. */
const LONGEST = 30_000;

/**
 * Remembers folders among the runs that hold no run, and spares looks into them: soon after one was first seen it is
 * looked into often, since a run may be beginning there, and later seldom, since there may be thousands.
 */
export class NoRuns {
  private known = new Map<string, { readonly since: number; readonly due: number }>();

  /** True if a folder is to be looked into. @param now - Milliseconds since 1970. */
  isDue(folder: string, now: number): boolean {
    return now >= (this.known.get(folder)?.due ?? now);
  }

  /** Notes the outcome of a look into all folders that were due. @param empty - Those without a run, due or not. */
  note(empty: readonly string[], now: number): void {
    const before = this.known;
    this.known = new Map();
    for (const folder of empty) {
      const { since = now, due = now } = before.get(folder) ?? {};
      this.known.set(folder, now < due ? { since, due } : { since, due: now + Math.min(now - since, LONGEST) });
    }
  }
}
