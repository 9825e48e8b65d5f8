import type { CancellationToken, Disposable, MessageConnection, ResponseError } from "vscode-jsonrpc/node";
import type { EditorAnswer, EditorCall } from "../../protocol/editorModels.ts";
import { readEditorAnswer } from "../../protocol/editorModelsSchema.ts";
import {
  type FigureView,
  type InitializeParams,
  type InitializeResult,
  type PaperTableView,
  SERVICE_PROTOCOL,
  type ServiceErrorData,
  type ServiceRequests,
  TRUSTED_ONLY,
} from "../../protocol/service.ts";
import type { RunState } from "../../protocol/runState.ts";
import { withBorrowed } from "../../storage/stageRecords.ts";
import { judgingCostOf, resumeRun, startRun, stopRun } from "./control.ts";
import { withSignal, withToken } from "../withSignal.ts";
import { asResponseError, notInitialized, untrusted, versionMismatch } from "./errors.ts";
import { Follows } from "./follows.ts";
import { modelsOf } from "./models.ts";
import { Origins } from "./origins.ts";
import { Previews } from "./previews.ts";
import { provenanceOf } from "./provenance.ts";
import { Reader } from "./reader.ts";
import { deleteRun, sizeOfRun } from "./removal.ts";
import { Runs } from "./runs.ts";
import { SERVICE_NOTIFICATIONS } from "./notifications.ts";
import { cleanUp, storageUse } from "./storageUse.ts";
import { packCurves } from "./series.ts";
import { outlineOf } from "./outline.ts";
import { RunsTableRows } from "./tableRows.ts";
import type { TrackedRun } from "./trackedRun.ts";

type Method = keyof ServiceRequests;
type Params<M extends Method> = ServiceRequests[M]["params"];
type Result<M extends Method> = ServiceRequests[M]["result"];
type AnyHandler = (params: unknown, signal: AbortSignal) => Promise<unknown>;
type Handlers = {
  readonly [M in Exclude<Method, "initialize">]: (params: Params<M>, signal: AbortSignal) => Promise<Result<M>>;
};

/** The service behind one editor window: finds and reads runs, starts and ends them. Runs do not depend on it. */
export class Service implements Disposable {
  private readonly connection: MessageConnection;
  private readonly version: string;
  private readonly runs: Runs;
  private readonly follows: Follows;
  private readonly origins: Origins;
  private readonly reader: Reader;
  private readonly previews: Previews;
  private readonly table: RunsTableRows;
  private client: string | undefined;
  private isTrusted = false;
  private isAnswering = false;

  /** @param connection - Its caller listens to it from here on. @param version - Of this program. */
  constructor(connection: MessageConnection, version: string) {
    this.connection = connection;
    this.version = version;
    const log = (message: string): void => this.log(message);
    this.runs = new Runs({
      client: () => this.client ?? "a service",
      log,
      send: (news) => connection.sendNotification(SERVICE_NOTIFICATIONS.runs, news),
      answering: (folder) => (this.isAnswering ? (call, signal) => this.askWindow(folder, call, signal) : undefined),
    });
    this.origins = new Origins(this.runs);
    this.reader = new Reader(this.origins);
    this.previews = new Previews(log);
    this.table = new RunsTableRows(this.runs);
    this.follows = new Follows({
      log,
      origins: this.origins,
      palette: (root) => this.runs.palette(root),
      sendEvents: (message) => connection.sendNotification(SERVICE_NOTIFICATIONS.runEvents, message),
      sendReset: (message) => connection.sendNotification(SERVICE_NOTIFICATIONS.runReset, message),
    });
    connection.onRequest("initialize", (params: Partial<InitializeParams>) => this.initialize(params));
    const handlers = this.handlers();
    for (const method of Object.keys(handlers) as (keyof Handlers)[]) {
      connection.onRequest(method, (params: unknown, token: CancellationToken) =>
        this.answer(
          method,
          (given) => withSignal(token, (signal) => (handlers[method] as AnyHandler)(given, signal)),
          params,
        ),
      );
    }
  }

  dispose(): void {
    this.follows.close();
    this.previews.close();
    this.runs.close();
  }

  private initialize(params?: Partial<InitializeParams>): InitializeResult | ResponseError<ServiceErrorData> {
    const { protocol, client = "a client", isTrusted = false } = params ?? {};
    if (protocol !== SERVICE_PROTOCOL) return versionMismatch(this.version, client, protocol);
    this.client = client;
    this.isTrusted = isTrusted;
    return { protocol, version: this.version, node: process.version, pid: process.pid };
  }

  private async answer(
    method: Method,
    handler: (params: unknown) => Promise<unknown>,
    params: unknown,
  ): Promise<unknown> {
    if (this.client === undefined) return notInitialized();
    if (!this.isTrusted && isTrustedOnly(method)) return untrusted(method);
    try {
      return await handler(params);
    } catch (error) {
      return asResponseError(error);
    }
  }

  private handlers(): Handlers {
    const { runs, reader, follows, previews } = this;
    const done = {};
    return {
      trust: () => {
        this.isTrusted = true;
        return Promise.resolve(done);
      },
      offerModels: async () => {
        this.isAnswering = true;
        await runs.offerModels();
        return done;
      },
      setRoots: ({ roots }) => {
        runs.setRoots(roots);
        return Promise.resolve(done);
      },
      listRuns: () => runs.list(),
      tableRows: (asked) => this.table.read(asked),
      follow: async ({ folder }) => follows.follow(await this.withCurves(folder)),
      unfollow: ({ folder }) => {
        follows.unfollow(folder);
        return Promise.resolve(done);
      },
      outline: async ({ folder }) => outlineOf(folder, await this.stateOf(folder)),
      series: async ({ folder, keys }) => {
        const state = await this.stateOf(folder);
        return { nextSequence: state.nextSequence, ...packCurves(state, keys) };
      },
      samples: async (query) => reader.samples(await runs.get(query.folder), query),
      tokens: async ({ folder, line }) => reader.tokens(await runs.get(folder), line),
      winRates: async ({ folder }) => reader.winRates(await runs.get(folder)),
      comparisons: async (query) => reader.comparisons(await runs.get(query.folder), query),
      annotate: async (params) => reader.annotate(await runs.get(params.folder), params),
      provenance: async ({ folder }) => provenanceOf(await runs.get(folder)),
      models: async ({ folder }) => modelsOf(await runs.get(folder)),
      table: async ({ folder, name, format }) => ({ text: await reader.table(await runs.get(folder), name, format) }),
      paperTables: async ({ folders }) => paperTablesOf(await this.foldersOf(folders)),
      paperTable: async ({ folder, name, format }) => ({
        text: await reader.paperTable(await runs.get(folder), name, format),
      }),
      openPreview: (asked) => previews.open(asked, { isTrusted: this.isTrusted }),
      previewPage: async ({ id, offset, limit }, signal) => previews.get(id).page({ offset, limit }, signal),
      previewRow: async ({ id, index }) => Promise.resolve(previews.get(id).row(index)),
      previewCounts: async ({ id }, signal) => previews.get(id).counts(undefined, signal),
      columns: async (asked) => ({ columns: await columnsIn(asked) }),
      closePreview: ({ id }) => {
        previews.release(id);
        return Promise.resolve(done);
      },
      figures: async ({ folder, names }) => figuresOf(runs, await runs.get(folder), names),
      report: async ({ folder }) => ({ file: await reportOf(await runs.get(folder)) }),
      judgingCost: (asked) => judgingCostOf(runs, asked),
      startRun: ({ configFile, host }) => startRun(runs, configFile, host),
      resumeRun: async ({ folder }) => resumeRun(runs, await runs.get(folder)),
      stopRun: async ({ folder }) => {
        await stopRun(await runs.get(folder), this.client ?? "a service");
        return done;
      },
      deleteRun: async ({ folder, artifacts, shown }) => ({
        freedBytes: await deleteRun(runs, await runs.get(folder), artifacts, shown),
      }),
      storageUse: (asked) => storageUse(runs, asked),
      cleanUp: (asked) => cleanUp(runs, asked),
      sizeOf: async ({ folder, before = [] }) =>
        sizeOfRun(runs, await runs.get(folder), await Promise.all(before.map((one) => runs.get(one)))),
    };
  }

  private async askWindow(folder: string, call: EditorCall, signal: AbortSignal): Promise<EditorAnswer> {
    const ask = (token: CancellationToken): Promise<unknown> =>
      this.connection.sendRequest("askModel", { folder, ...call }, token);
    return readEditorAnswer(await withToken(signal, ask));
  }

  /** With curves, also those of cached stages. */
  private async stateOf(folder: string): Promise<RunState> {
    const run = await this.withCurves(folder);
    const borrowed = await this.origins.of(run);
    return withBorrowed(await run.state(), borrowed);
  }

  /** @throws {DataError} when one of them holds no run. */
  private async foldersOf(folders: readonly string[]): Promise<readonly string[]> {
    const all = [];
    for (const folder of folders) all.push((await this.runs.get(folder)).folder);
    return all;
  }

  private async withCurves(folder: string): Promise<TrackedRun> {
    const run = await this.runs.get(folder);
    this.runs.used(run);
    return run;
  }

  private log(message: string): void {
    this.connection.sendNotification(SERVICE_NOTIFICATIONS.log, { message }).catch(() => undefined);
  }
}

function isTrustedOnly(method: Method): boolean {
  return (TRUSTED_ONLY as readonly Method[]).includes(method);
}

/** Loads its code on first use: most windows read no data. */
async function columnsIn(asked: Params<"columns">): Promise<readonly string[]> {
  const { columnsOf } = await import("../../pipeline/preview/index.ts");
  return columnsOf(asked);
}

/** Loads its code on first use: most windows need no figures or tables. */
async function reportOf({ folder }: TrackedRun): Promise<string> {
  const { writeReport } = await import("../../pipeline/report/index.ts");
  return writeReport(folder);
}

/** Loads its code on first use, as the report's. */
async function paperTablesOf(folders: readonly string[]): Promise<readonly PaperTableView[]> {
  const { paperTablesOf: made } = await import("../../pipeline/figures/command.ts");
  return (await made(folders)).map(({ sheet, ...table }) => ({ ...table, ...sheet }));
}

/** Loads its code on first use, as the report's. */
async function figuresOf(
  runs: Runs,
  { folder, root }: TrackedRun,
  names?: readonly string[],
): Promise<readonly FigureView[]> {
  const { figuresOfRun } = await import("../../pipeline/figures/index.ts");
  return (await figuresOfRun(folder, { names, palette: await runs.palette(root) })).map(
    ({ figure: { name, source, title, description, isMeasured }, spec, lacks }) => ({
      ...{ name, source, title, description, isMeasured: isMeasured === true, lacks },
      ...(spec !== undefined && { spec }),
    }),
  );
}
