import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import type { RunOutline } from "../../engine/protocol/service.ts";
import type { WinRateRow } from "../../engine/protocol/verdicts.ts";
import { DashboardElement } from "../element.ts";
import { t } from "../localize.ts";
import { Debounce } from "../parts/debounce.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { emptyNotice, failedNotice, loadingNotice } from "../parts/notice.ts";
import { radios } from "../parts/radios.ts";
import { baseStyles, controlStyles, noticeStyles, tableStyles } from "../parts/styles.ts";
import { Remembered } from "../remembered.ts";
import { titleOfRun } from "../shell/runList.ts";
import type { ForestEntry } from "./forest.ts";
import { forestMenu } from "./forestExport.ts";
import { forestPlot, forestStyles, runMark } from "./forestPlot.ts";
import { ratings, ratingsStyles } from "./ratings.ts";
import { type BenchmarkRates, byBenchmark, pairKey, type PairRates, sorted, type SortOrder } from "./rates.ts";
import { type RunTable, grades, scores } from "./scores.ts";
import { checksTable, winRateStyles, winRateTable, type WinRateTable } from "./winRateTable.ts";
import { ALL, type Chosen, type ChosenEvent } from "./chosen.ts";
import "./comparisons.ts";
import "./paperTables.ts";
import { whenResized } from "../parts/observed.ts";

/** Rows of every run in focus, by folder. */
type Rates = ReadonlyMap<string, readonly WinRateRow[]>;

/** A pair of a run whose prompts are read. */
interface ReadPair {
  readonly folder: string;
  readonly pair: PairRates;
}

/** View state for a run. */
interface Setup {
  readonly layout: "pairs" | "paper";
  readonly order: SortOrder;
  /** Keys of pairs whose seeds are shown. */
  readonly open: readonly string[];
  /** Key of the pair whose prompts are shown; "" for the table. */
  readonly pair: string;
  readonly chosen: Chosen;
}

const START: Setup = {
  layout: "pairs",
  order: { key: undefined, isDescending: true },
  open: [],
  pair: "",
  chosen: ALL,
};

/** Milliseconds after the last change before what is read is remembered. */
const MOVING = 200;

/** The win-rate table with its plot; a click on a pair leads to each of its prompts. */
export class WinRatesView extends DashboardElement {
  static override readonly styles = [
    baseStyles,
    noticeStyles,
    controlStyles,
    tableStyles,
    winRateStyles,
    forestStyles,
    ratingsStyles,
    css`
      :host {
        padding: 12px 16px;
      }
      /* The list of prompts fills the view, and only its panes scroll. */
      :host([reading]) {
        display: flex;
        flex-direction: column;
        height: 100%;
        min-height: 480px;
      }
      section,
      figure {
        margin: 0 0 18px;
      }
      .title {
        margin-bottom: 8px;
      }
      .notes {
        margin: 10px 0 0;
        padding-left: 18px;
        color: var(--vscode-descriptionForeground);
      }
      .notes ul {
        padding-left: 18px;
      }
      figcaption {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 16px;
        align-items: center;
        margin-bottom: 6px;
      }
      figcaption span {
        display: inline-flex;
        gap: 4px;
        align-items: center;
      }
    `,
  ];
  static override readonly properties = {
    ...DashboardElement.properties,
    width: { state: true },
    reading: { type: Boolean, reflect: true },
  };
  /** Of the plot, in pixels. */
  declare private width: number;
  /** True while the prompts of a pair are shown. */
  declare reading: boolean;
  private readonly setups = new Remembered("winRates.setup", START);
  private readonly asked = new LatestRequest<Rates>(this);
  private readonly moving = new Debounce(MOVING);

  constructor() {
    super();
    this.width = 800;
    this.reading = false;
    whenResized(this, ({ width }) => width >= 1 && (this.width = Math.floor(width)));
  }

  protected override render(): TemplateResult {
    const { runs } = this.model.focus;
    const [folder] = runs;
    if (folder === undefined) return emptyNotice({ icon: "list-selection", title: t("No run is chosen") });
    const { value, problem } = this.ask();
    if (problem !== undefined)
      return failedNotice(t("The win rates could not be read"), problem, () => this.asked.retry());
    if (value === undefined) return loadingNotice(t("Reading win rates…"));
    const lead = runs.findIndex((one) => (value.get(one) ?? []).length > 0);
    if (lead < 0) return this.nothingThere(this.model.outline(folder));
    const benchmarks = this.compared(value);
    const read = this.shownPair(benchmarks);
    return read === undefined ? this.overview(value, benchmarks, lead) : this.drilled(read);
  }

  /** Requests the rates again when a run's tables have been written. */
  private ask(): LatestRequest<Rates>["answer"] {
    const { focus, host } = this.model;
    const keys = focus.runs.map((folder) => {
      const table = this.model.outline(folder)?.tables.find(({ name }) => name === "winRates");
      return [folder, table === undefined ? "" : JSON.stringify(table.rows)];
    });
    const ask = async (folder: string): Promise<readonly [string, readonly WinRateRow[]]> => [
      folder,
      await host.request("winRates", { folder }),
    ];
    return this.asked.ask(JSON.stringify(keys), async () => new Map(await Promise.all(focus.runs.map(ask))), {
      keepsLast: this.asked.answer.value?.has(focus.runs[0] ?? "") === true,
    });
  }

  private compared(rates: Rates): readonly BenchmarkRates[] {
    return byBenchmark(this.model.focus.runs.map((folder) => rates.get(folder) ?? []));
  }

  private overview(rates: Rates, benchmarks: readonly BenchmarkRates[], lead: number): TemplateResult {
    const { runs } = this.model.focus;
    const folder = runs[lead] ?? "";
    const outline = this.model.outline(folder);
    const table = outline?.tables.find(({ name }) => name === "winRates");
    const { layout, order, open } = this.setup;
    const shown: WinRateTable = {
      benchmarks,
      runs: runs.map((one) => this.idOf(one)),
      lead,
      order,
      open: new Set(open),
      sort: (key) =>
        this.set({ order: { key, isDescending: order.key === key ? !order.isDescending : key !== "pair" } }),
      toggle: (key) => this.set({ open: open.includes(key) ? open.filter((one) => one !== key) : [...open, key] }),
      drill: ({ key }) => void this.drill(key),
    };
    return html`<section aria-label=${t("Win rates")}>
        <div class="toolbar title">
          <h2>${table?.title ?? t("Win rates")}</h2>
          ${radios({
            label: t("Layout"),
            options: [
              { value: "pairs" as const, label: t("By Pair") },
              { value: "paper" as const, label: t("As in the Paper") },
            ],
            value: layout,
            chosen: (chosen) => this.set({ layout: chosen }),
          })}
          <span class="spacer"></span>
          <span class="actions">
            <vscode-button secondary icon="export" @click=${() => this.run("salsa.exportTable", folder)}>
              ${t("Export Table…")}
            </vscode-button>
            <vscode-button icon="book" @click=${() => this.run("salsa.openReport", folder)}>
              ${t("Open Report")}
            </vscode-button>
          </span>
        </div>
        ${
          layout === "paper"
            ? html`<salsa-paper-tables .model=${this.model}></salsa-paper-tables>`
            : html`${winRateTable(shown)} ${notes(table?.note, rates.get(folder) ?? [])}`
        }
      </section>
      ${layout === "paper" ? nothing : this.below(shown, outline)}`;
  }

  /** Everything below the table by pairs. */
  private below(shown: WinRateTable, outline: RunOutline | undefined): TemplateResult {
    const tableOf = (name: string): RunOutline["tables"][number] | undefined =>
      outline?.tables.find((table) => table.name === name);
    return html`${checksTable(shown)} ${this.plot(shown)} ${scores(this.tables("scores"))}
    ${grades(this.tables("grades"))}
    ${ratings(tableOf("ratings"), { width: this.width, said: tableOf("winRates")?.note })}`;
  }

  /** The table of that name of each run. */
  private tables(which: string): readonly RunTable[] {
    return this.model.focus.runs.map((folder) => {
      return { id: this.idOf(folder), table: this.model.outline(folder)?.tables.find(({ name }) => name === which) };
    });
  }

  private plot({ benchmarks, runs, order, open, lead }: WinRateTable): TemplateResult {
    const pairs = benchmarks.flatMap((of) => sorted(of.pairs, order, lead));
    const entries = pairs.flatMap(({ key, runs: each }) =>
      each.flatMap((pair, run) => (pair === undefined ? [] : entriesOf(pair, run, open.has(key)))),
    );
    return html`<figure>
      <figcaption>
        <h2>${t("Adjusted win rate of a against b")}</h2>
        <span class="muted">${t("whiskers: 95 % interval; dashed line: 50 %, no difference")}</span>
        ${runs.length > 1 ? runs.map((id, run) => html`<span>${runMark(run)} ${id}</span>`) : nothing}
        ${forestMenu(this.model.host, { entries, runs })}
      </figcaption>
      ${forestPlot(entries, this.width)}
    </figure>`;
  }

  /** The pair whose prompts are read, of the first run that has it. */
  private shownPair(benchmarks: readonly BenchmarkRates[]): ReadPair | undefined {
    const shown = benchmarks.flatMap(({ pairs }) => pairs).find(({ key }) => key === this.setup.pair);
    const at = shown?.runs.findIndex((one) => one !== undefined) ?? -1;
    const [folder, pair] = [this.model.focus.runs[at], shown?.runs[at]];
    return folder === undefined || pair === undefined ? undefined : { folder, pair };
  }

  protected override willUpdate(): void {
    this.reading = this.shownPair(this.compared(this.asked.answer.value ?? new Map())) !== undefined;
  }

  private drilled({ folder, pair }: ReadPair): TemplateResult {
    return html`<salsa-comparisons
      .model=${this.model}
      .folder=${folder}
      .pair=${pair}
      .chosen=${{ ...ALL, ...this.setup.chosen }}
      @chosen=${({ change }: ChosenEvent) => this.choose(this.model.focus.runs[0] ?? "", change)}
      @close-pair=${() => void this.close(pair)}
    ></salsa-comparisons>`;
  }

  /** The active row changes with every key, and is stored once it rests. */
  private choose(folder: string, change: Partial<Chosen>): void {
    const { model } = this;
    this.setups.move(model, folder, { chosen: { ...ALL, ...this.setup.chosen, ...change } });
    this.moving.run(() => this.setups.keep(model, folder));
    this.requestUpdate();
  }

  /** Moves the focus along. */
  private async drill(key: string): Promise<void> {
    this.set({ pair: key, chosen: ALL });
    await this.updateComplete;
    await this.renderRoot.querySelector("salsa-comparisons")?.updateComplete;
    this.renderRoot.querySelector("salsa-comparisons")?.focus();
  }

  private async close({ key }: PairRates): Promise<void> {
    this.set({ pair: "" });
    await this.updateComplete;
    const links = this.renderRoot.querySelectorAll<HTMLElement>("[data-pair]");
    [...links].find(({ dataset }) => dataset["pair"] === key)?.focus();
  }

  private nothingThere(outline: RunOutline | undefined): TemplateResult {
    const isLive = outline?.status === "running" || outline?.status === "queued";
    return emptyNotice({
      icon: "table",
      title: t("No win rates yet"),
      text: isLive
        ? t("They appear here when the run has judged the answers of its models.")
        : t("The run ended before its models were judged. Resume it to get there."),
      actions: isLive
        ? [{ label: t("Show Progress"), icon: "type-hierarchy", run: () => this.model.show({ view: "pipeline" }) }]
        : [{ label: t("Resume"), icon: "debug-continue", run: () => this.run("salsa.resume", outline?.folder ?? "") }],
    });
  }

  private run(command: "salsa.exportTable" | "salsa.openReport" | "salsa.resume", folder: string): void {
    // The editor itself reports failures of a command.
    this.model.host.request("command", { command, folder }).catch(() => undefined);
  }

  private get setup(): Setup {
    return this.setups.of(this.model, this.model.focus.runs[0] ?? "");
  }

  private set(change: Partial<Setup>): void {
    this.setups.set(this.model, this.model.focus.runs[0] ?? "", change);
    this.requestUpdate();
  }

  private idOf(folder: string): string {
    return titleOfRun(this.model, folder);
  }
}

function entriesOf({ pooled, seeds }: PairRates, run: number, hasSeeds: boolean): readonly ForestEntry[] {
  const label = `${pooled.a} vs ${pooled.b}`;
  return [pooled, ...(hasSeeds ? seeds : [])].map((row) => ({ label, group: row.benchmark, row, run }));
}

/** Explanations of marks and intervals: the run's own notes, and those that every table needs. */
function notes(note: string | undefined, rows: readonly WinRateRow[]): TemplateResult {
  const nCompared = new Set(rows.map(pairKey)).size;
  const isOneSeed = rows.every(({ nSeeds }) => nSeeds === 1);
  const lines = note?.split("\n") ?? [
    t("Adjusted % counts a tie as half a win: above 50, a is better than b."),
    ...(isOneSeed
      ? [t("Intervals and p cover the luck of prompts and sampling, not of training: there is one base seed.")]
      : []),
  ];
  const meaning = t(
    "Stars mark Holm's p, corrected for all {0} comparisons: * below 0.05, ** below 0.01, *** below 0.001. Without a star, which of the two is better is not decided.",
    nCompared,
  );
  return html`<ul class="notes">
    ${nested([...lines, meaning, t("Point at a number for all its digits; choose a pair to read its answers.")]).map(
      ([line, under]) => html`<li>${line} ${under.length === 0 ? nothing : list(under)}</li>`,
    )}
  </ul>`;
}

function list(lines: readonly string[]): TemplateResult {
  return html`<ul>
    ${lines.map((line) => html`<li>${line}</li>`)}
  </ul>`;
}

/** Begins a line that belongs to the one before it. */
const BELOW = "– ";

function nested(lines: readonly string[]): readonly (readonly [line: string, under: readonly string[]])[] {
  const found: [string, string[]][] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last !== undefined && line.startsWith(BELOW)) last[1].push(line.slice(BELOW.length));
    else found.push([line, []]);
  }
  return found;
}

customElements.define("salsa-win-rates", WinRatesView);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-win-rates": WinRatesView;
  }
}
