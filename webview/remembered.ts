import type { DashboardModel } from "./model.ts";

/** Runs of which a view remembers something: those in which something was chosen last. */
const MOST_RUNS = 20;
/** Characters of what is remembered of a run; what is longer, such as a text that was pasted into a search, is not. */
const MOST_CHARACTERS = 4000;
/** Of all that is remembered; with a new one, what an older version kept is forgotten. */
const VERSION = 1;

/** What a view remembers of each run while its panel is hidden and over reloads, in bounded space: plain JSON. */
export class Remembered<T extends object> {
  private readonly name: string;
  private readonly start: T;
  private readonly values = new Map<string, T>();

  /**
   * Remembers nothing yet.
   * @param name - A setting's, such as "samples.setup".
   * @param start - Of a run in which nothing was chosen.
   */
  constructor(name: string, start: T) {
    this.name = `${name}@${VERSION}`;
    this.start = start;
  }

  /** The same object till something is chosen. */
  of(model: DashboardModel, folder: string): T {
    const known = this.values.get(folder) ?? { ...this.start, ...this.kept(model, folder) };
    this.values.set(folder, known);
    return known;
  }

  /** Chooses something; every view is told. */
  set(model: DashboardModel, folder: string, change: Partial<T>): void {
    this.move(model, folder, change);
    this.keep(model, folder);
  }

  /** Chooses what changes by the frame, such as a place that is scrolled to: it is kept when `keep` is called. */
  move(model: DashboardModel, folder: string, change: Partial<T>): void {
    this.values.set(folder, { ...this.of(model, folder), ...change });
  }

  keep(model: DashboardModel, folder: string): void {
    const others = model.setting(this.name, []).filter((entry) => !entry.startsWith(`${folder}\n`));
    const json = JSON.stringify(this.of(model, folder));
    const entries = json.length > MOST_CHARACTERS ? others : [...others, `${folder}\n${json}`];
    model.set(this.name, entries.slice(-MOST_RUNS));
  }

  private kept(model: DashboardModel, folder: string): Partial<T> {
    const entry = model.setting(this.name, []).find((one) => one.startsWith(`${folder}\n`));
    return entry === undefined ? {} : (JSON.parse(entry.slice(folder.length + 1)) as Partial<T>);
  }
}
