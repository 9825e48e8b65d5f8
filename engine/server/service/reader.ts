import { join } from "node:path";
import { TABLE_FORMATS, type TableFormat } from "../../evaluation/tables/index.ts";
import { WIN_RATES_FILE } from "../../pipeline/winRateFile.ts";
import { DataError } from "../../protocol/errors.ts";
import type { PaperTableName } from "../../protocol/figureNames.ts";
import type { ServiceRequests } from "../../protocol/service.ts";
import type { SamplePage, SampleQuery, TokenView } from "../../protocol/samples.ts";
import type { WinRateRow } from "../../protocol/verdicts.ts";
import { Answers } from "./answers.ts";
import { VoteBook } from "../../storage/formats/votes.ts";
import { Comparisons, type ComparisonsSource } from "./comparisons.ts";
import type { Origins } from "./origins.ts";
import { Recent } from "./recent.ts";
import { RunRollouts } from "./rollouts.ts";
import { unfinishedPage } from "./sampleQuery.ts";
import { configOf } from "./runFacts.ts";
import { paperTableText, tableText } from "./tableText.ts";
import type { TrackedRun } from "./trackedRun.ts";
import { winRateRows } from "../../pipeline/outcome/resultLine.ts";

/** Runs whose rollouts stay indexed: some 10 MB for a hundred thousand. */
const MOST_ROLLOUTS = 3;

/** Runs whose votes stay in memory: some hundred bytes each. */
const MOST_BOOKS = 4;

/** Reads the files that runs have written, for clients' questions. */
export class Reader {
  private readonly rollouts = new Recent<RunRollouts>(MOST_ROLLOUTS);
  private readonly answers = new Answers();
  private readonly pairs = new Comparisons();
  private readonly votes = new Recent<VoteBook>(MOST_BOOKS);
  private readonly origins: Origins;

  constructor(origins: Origins) {
    this.origins = origins;
  }

  async samples(run: TrackedRun, query: SampleQuery): Promise<SamplePage> {
    const { source, columns } = query;
    if (source.kind === "rollouts") return this.rolloutPage(run, query);
    const { folder, root, brief: state } = run;
    const { benchmark, seed } = source;
    const search = await this.answers.search({ folder, root, state, benchmark, seed, columns });
    return search.page(query);
  }

  async tokens(run: TrackedRun, line: number): Promise<TokenView> {
    return this.rolloutsOf(run).tokens(line, await this.origins.of(run));
  }

  /** No rows while there is no table. @throws {DataError} when the table's file has been removed. */
  async winRates({ folder, brief }: TrackedRun): Promise<readonly WinRateRow[]> {
    const rows = await winRateRows(folder);
    if (rows !== undefined) return rows;
    if (!brief.tables.some(({ name }) => name === "winRates")) return [];
    const remedy = "resume the run: its stages are kept and only its tables are written again";
    throw new DataError("the win-rate table has been removed", { file: join(folder, WIN_RATES_FILE), remedy });
  }

  async comparisons(
    run: TrackedRun,
    query: ServiceRequests["comparisons"]["params"],
  ): Promise<ServiceRequests["comparisons"]["result"]> {
    return this.pairs.page(await this.comparisonsOf(run), query);
  }

  async annotate(
    run: TrackedRun,
    params: ServiceRequests["annotate"]["params"],
  ): Promise<ServiceRequests["annotate"]["result"]> {
    return this.pairs.annotate(await this.comparisonsOf(run), params);
  }

  /** @throws {DataError} when the run has no such table, or nobody writes tables in that form. */
  async table({ folder, brief }: TrackedRun, name: string, formatName: string): Promise<string> {
    const format = formatOf(formatName, folder);
    const table = brief.tables.find((one) => one.name === name);
    if (table !== undefined) return tableText(folder, table, format);
    const known = brief.tables.map((one) => one.name).join(", ");
    const remedy = known === "" ? "wait until the run has finished, or resume it" : `it has ${known}`;
    throw new DataError(`the run has no table ${JSON.stringify(name)}`, { file: folder, remedy });
  }

  /** @throws {DataError} when the run has nothing for it, or nobody writes tables in that form. */
  async paperTable({ folder }: TrackedRun, name: PaperTableName, formatName: string): Promise<string> {
    const format = formatOf(formatName, folder);
    const { paperTableOf } = await import("../../pipeline/figures/command.ts");
    return paperTableText(folder, await paperTableOf([folder], name), format);
  }

  private async rolloutPage(run: TrackedRun, query: SampleQuery): Promise<SamplePage> {
    const borrowed = await this.origins.of(run);
    const rollouts = this.rolloutsOf(run);
    const share = query.isPatient === true ? await rollouts.advance(borrowed) : 1;
    if (share < 1) return unfinishedPage(share);
    const page = await (await rollouts.current(borrowed)).page(query);
    const origins = page.columns.flatMap((stage) => {
      const from = borrowed.get(stage)?.from;
      return from === undefined ? [] : [[stage, from] as const];
    });
    return origins.length === 0 ? page : { ...page, origins: Object.fromEntries(origins) };
  }

  private async comparisonsOf(run: TrackedRun): Promise<ComparisonsSource> {
    const { folder, root, brief: state } = run;
    const { judge } = configOf(await run.described(), folder).evaluation;
    return { root, state, judge, votes: this.votes.get(folder, () => new VoteBook(folder)) };
  }

  private rolloutsOf({ folder }: TrackedRun): RunRollouts {
    return this.rollouts.get(folder, () => new RunRollouts(folder));
  }
}

function formatOf(name: string, folder: string): TableFormat {
  const format = TABLE_FORMATS.find((one) => one.name === name);
  if (format !== undefined) return format;
  const remedy = `use one of ${TABLE_FORMATS.map((one) => one.name).join(", ")}`;
  throw new DataError(`${JSON.stringify(name)} is not a form of a table`, { file: folder, remedy });
}
