import type { DashboardModel } from "./model.ts";

/** Most runs whose settings a view remembers: those changed last. */
const MOST_RUNS = 20;
/** Most characters remembered per run; longer state, such as with a long text pasted into a search, is dropped. */
const MOST_CHARACTERS = 4000;
/** Version of the stored format; raising it discards the state that older versions stored. */
const VERSION = 1;

/** Settings of a view for each run, kept while its panel is hidden and across reloads: plain JSON of bounded size. */
export class Remembered<T extends object> {
  private readonly name: string;
  private readonly start: T;
  private readonly values = new Map<string, T>();

  /**
   * Remembers nothing yet.
   * @param name - A setting's, such as "samples.setup".
   * @param start - Settings of a run in which nothing was chosen.
   */
  constructor(name: string, start: T) {
    this.name = `${name}@${VERSION}`;
    this.start = start;
  }

  /** Settings of a run; the same object until they change. */
  of(model: DashboardModel, folder: string): T {
    const known = this.values.get(folder) ?? { ...this.start, ...this.kept(model, folder) };
    this.values.set(folder, known);
    return known;
  }

  /** Changes settings, stores them and notifies every view. */
  set(model: DashboardModel, folder: string, change: Partial<T>): void {
    this.move(model, folder, change);
    this.keep(model, folder);
  }

  /** Changes settings that change every frame, such as a scroll position; they are stored when `keep` is called. */
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
