import type { DashboardView } from "../../engine/protocol/dashboard.ts";
import type { DashboardModel } from "../model.ts";
import { Debounce } from "../parts/debounce.ts";
import { Remembered } from "../remembered.ts";

/** Pixels from the top, by view. */
type Places = Readonly<Partial<Record<DashboardView, number>>>;

/** Milliseconds after the last movement before a place is remembered. */
const MOVING = 200;

/** Where each view of each run was scrolled to, though one pane shows them all. */
export class ScrollPlaces {
  private readonly places = new Remembered<Places>("scroll", {});
  private readonly moving = new Debounce(MOVING);
  private readonly grown = new ResizeObserver(() => this.goOn());
  private pane: HTMLElement | undefined;
  private content: Element | undefined;
  private shown = "";
  /** Where the pane is to be as soon as its content is tall enough. */
  private wanted: number | undefined;

  /** Goes to where a view was left, if it is another one than before. */
  show(model: DashboardModel, pane: HTMLElement, content: Element): void {
    const { folder, view } = placeOf(model);
    const shown = `${view} ${folder}`;
    if (shown === this.shown && content === this.content) return;
    this.grown.disconnect();
    [this.pane, this.content, this.shown] = [pane, content, shown];
    this.wanted = this.places.of(model, folder)[view] ?? 0;
    this.grown.observe(content);
    this.goOn();
  }

  /** Takes over where the pane is. */
  scrolled(model: DashboardModel): void {
    if (this.pane === undefined || this.wanted !== undefined) return;
    const { folder, view } = placeOf(model);
    this.places.move(model, folder, { [view]: Math.round(this.pane.scrollTop) });
    this.moving.run(() => this.places.keep(model, folder));
  }

  /** Lets the person go elsewhere, though the place was not reached yet. */
  release(): void {
    this.wanted = undefined;
  }

  private goOn(): void {
    if (this.pane === undefined || this.wanted === undefined) return;
    this.pane.scrollTop = this.wanted;
    if (Math.abs(this.pane.scrollTop - this.wanted) <= 1) this.wanted = undefined;
  }
}

function placeOf({ focus: { runs, view } }: DashboardModel): {
  readonly folder: string;
  readonly view: DashboardView;
} {
  return { folder: runs[0] ?? "", view };
}
