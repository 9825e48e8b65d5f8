import * as vscode from "vscode";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { label } from "../label.ts";
import type { Salsa } from "../salsa.ts";
import { commandAction } from "./actions.ts";
import { isConfigName } from "../../engine/config/paths.ts";
import { readCalled } from "./called.ts";
import { CommandError } from "./failures.ts";
import { runItems } from "./runItems.ts";

/** Runs that a command accepts, and its messages when none fits. */
export interface RunQuestion {
  readonly title: string;
  /** True if the command applies to a run; accepts all runs if omitted. */
  readonly fits?: (run: RunSummary) => boolean;
  /** Message when no run fits. */
  readonly none: string;
  /** Message when the run that the command was called on does not fit. */
  readonly unfit?: (run: RunSummary) => string;
}

/**
 * The run that a command was called on, or the one that the person picks; without asking where only one fits.
 *
 * @throws {CommandError} when none fits.
 * @throws {vscode.CancellationError} when the person picks none.
 */
export async function pickRun(salsa: Salsa, args: readonly unknown[], question: RunQuestion): Promise<RunSummary> {
  const [called] = await calledRuns(salsa, args, question);
  if (called !== undefined) return called;
  const { items, only } = await choices(salsa, args, question);
  if (only !== undefined) return only;
  return (await picked(vscode.window.showQuickPick(items, quickPickOptions(question)))).run;
}

/**
 * Two or more runs: those that a command was called on, or those the person picks. The first is the one called on.
 *
 * @throws {CommandError} when there are not two.
 * @throws {vscode.CancellationError} when the person picks none.
 */
export async function pickRuns(
  salsa: Salsa,
  args: readonly unknown[],
  question: RunQuestion & { readonly most?: number },
): Promise<readonly RunSummary[]> {
  const { most = Infinity } = question;
  const called = await calledRuns(salsa, args, question);
  if (called.length >= 2 && called.length <= most) return called;
  const { items } = await choices(salsa, [], question);
  if (items.length < 2) throw new CommandError(question.none);
  if (items.length === 2)
    return inOrder(
      called,
      items.map(({ run }) => run),
    );
  const marked = items.map((item) => ({ ...item, picked: isAmong(item.run, called) }));
  const options = { ...quickPickOptions(question), canPickMany: true } as const;
  const runs = (await picked(vscode.window.showQuickPick(marked, options))).map(({ run }) => run);
  if (runs.length < 2) throw new CommandError(vscode.l10n.t("One run is not enough: mark two or more."));
  if (runs.length > most) throw new CommandError(vscode.l10n.t("{0} runs are too many: mark {1}.", runs.length, most));
  return inOrder(called, runs);
}

/**
 * The config that a command was called on, the one in the active editor, or the one the person picks.
 *
 * @throws {CommandError} when there is none.
 * @throws {vscode.CancellationError} when the person picks none.
 */
export async function pickConfig(salsa: Salsa, args: readonly unknown[], title: string): Promise<vscode.Uri> {
  const { files, folders } = readCalled(args);
  const [file] = files;
  if (file !== undefined) return file;
  const run = folders[0] === undefined ? undefined : await knownRun(salsa, folders[0]);
  if (run !== undefined) return vscode.Uri.file(run.configFile);
  const active = vscode.window.activeTextEditor?.document.uri;
  if (active !== undefined && isConfigName(active.path)) return active;
  const configs = salsa.runs.configs();
  const [first, ...others] = configs;
  if (first === undefined) {
    throw new CommandError(vscode.l10n.t("There is no run config in this workspace. Make one first."), [
      commandAction(vscode.l10n.t("New Run Config..."), "salsa.newConfig"),
    ]);
  }
  if (others.length === 0) return first;
  const items = configs.map((uri) => configItem(salsa, uri));
  return (await picked(vscode.window.showQuickPick(items, { title, matchOnDescription: true }))).uri;
}

/** Resolves to the user's choice. @throws {vscode.CancellationError} when the user picks nothing. */
export async function picked<T>(choice: Thenable<T | undefined>): Promise<T> {
  const value = await choice;
  if (value === undefined) throw new vscode.CancellationError();
  return value;
}

/** Runs by their folders. @throws {CommandError} for those that are gone, or that do not fit. */
async function calledRuns(salsa: Salsa, args: readonly unknown[], question: RunQuestion): Promise<RunSummary[]> {
  const runs = await Promise.all(readCalled(args).folders.map((folder) => knownRun(salsa, folder)));
  const unfit = runs.find((run) => question.fits?.(run) === false);
  if (unfit !== undefined) throw new CommandError(question.unfit?.(unfit) ?? question.none);
  return runs;
}

async function knownRun(salsa: Salsa, folder: string): Promise<RunSummary> {
  const known = salsa.runs.get(folder);
  if (known !== undefined) return known;
  // The service may not have reported a run that has only just started.
  await salsa.runs.refresh();
  const found = salsa.runs.get(folder);
  if (found === undefined) throw new CommandError(vscode.l10n.t("There is no run at {0} any more.", folder));
  return found;
}

/** Runs to choose from; of one config, if the command was called on that. */
async function choices(
  salsa: Salsa,
  args: readonly unknown[],
  { fits = () => true, none }: RunQuestion,
): Promise<{ readonly items: ReturnType<typeof runItems>; readonly only: RunSummary | undefined }> {
  // The list is empty if the command runs before the view was ever shown.
  if (salsa.runs.all().length === 0) await salsa.runs.refresh();
  const [config] = readCalled(args).files;
  const runs = salsa.runs
    .all()
    .filter((run) => fits(run) && (config === undefined || run.configFile === config.fsPath));
  const [first] = runs;
  if (first === undefined) throw new CommandError(none);
  const items = runItems(runs, { now: Date.now(), locale: vscode.env.language });
  return { items, only: runs.length === 1 || config !== undefined ? first : undefined };
}

function quickPickOptions({ title }: RunQuestion): vscode.QuickPickOptions & { canPickMany?: false } {
  return { title, matchOnDescription: true };
}

function inOrder(first: readonly RunSummary[], all: readonly RunSummary[]): RunSummary[] {
  return [...first.filter((run) => isAmong(run, all)), ...all.filter((run) => !isAmong(run, first))];
}

/** Compares by folder, since a run's summary is a new object after each change. */
function isAmong({ folder }: RunSummary, runs: readonly RunSummary[]): boolean {
  return runs.some((run) => run.folder === folder);
}

interface ConfigItem extends vscode.QuickPickItem {
  readonly uri: vscode.Uri;
}

function configItem(salsa: Salsa, uri: vscode.Uri): ConfigItem {
  const latest = salsa.runs.all().find((run) => run.configFile === uri.fsPath);
  const [item] = latest === undefined ? [] : runItems([latest], { now: Date.now(), locale: vscode.env.language });
  return {
    label: label(vscode.workspace.asRelativePath(uri)),
    description: item === undefined ? vscode.l10n.t("no runs yet") : `${item.label}: ${item.description}`,
    uri,
  };
}
