import * as vscode from "vscode";
import { label } from "../label.ts";
import { orderText, statusText } from "../runs/labels.ts";
import { NO_FILTER, ORDERS, type RunFilter, STATUSES, isFiltering, matches } from "../runs/selection.ts";
import type { Command, Salsa } from "../salsa.ts";

type Facet = keyof RunFilter;

/** Prompts for a facet to filter by, then for its values. */
const filterRuns: Command = {
  id: "salsa.filterRuns",
  run: async (salsa) => {
    const { selection } = salsa;
    const facet = await pickFacet(selection.filter);
    if (facet === undefined) return;
    if (facet === "clear") {
      await selection.change({ filter: NO_FILTER });
      return;
    }
    const change = await CHANGES[facet](salsa);
    if (change !== undefined) await selection.change({ filter: { ...selection.filter, ...change } });
  },
};

const clearFilter: Command = {
  id: "salsa.clearFilter",
  run: (salsa) => salsa.selection.change({ filter: NO_FILTER }),
};

const sortRuns: Command = {
  id: "salsa.sortRuns",
  run: async ({ selection }) => {
    const items = ORDERS.map((order) => ({
      label: orderText(order),
      order,
      ...(order === selection.order && { description: vscode.l10n.t("now") }),
    }));
    const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t("Sort Runs By") });
    if (picked !== undefined) await selection.change({ order: picked.order });
  },
};

const refreshRuns: Command = {
  id: "salsa.refreshRuns",
  run: async ({ runs, selection, service }) => {
    await vscode.window.withProgress({ location: { viewId: "salsa.runs" } }, async () => {
      await service.retry();
      await runs.refresh();
      await selection.change({}); // sorts again
    });
  },
};

/** Commands about the Runs view itself. */
export const VIEW_COMMANDS: readonly Command[] = [filterRuns, clearFilter, sortRuns, refreshRuns];

async function pickFacet(filter: RunFilter): Promise<Facet | "clear" | undefined> {
  const any = vscode.l10n.t("any");
  const list = (chosen: readonly string[]): string => (chosen.length === 0 ? any : chosen.join(", "));
  const facets: (vscode.QuickPickItem & { readonly facet: Facet | "clear" })[] = [
    {
      label: vscode.l10n.t("$(search) Text"),
      description: filter.text === "" ? any : label(filter.text),
      facet: "text",
    },
    { label: vscode.l10n.t("$(pulse) State"), description: list(filter.statuses.map(statusText)), facet: "statuses" },
    {
      label: vscode.l10n.t("$(settings-gear) Config"),
      description: label(list(filter.configs.map((file) => vscode.workspace.asRelativePath(file)))),
      facet: "configs",
    },
  ];
  if (isFiltering(filter)) facets.push({ label: vscode.l10n.t("$(clear-all) Clear Filter"), facet: "clear" });
  const picked = await vscode.window.showQuickPick(facets, { title: vscode.l10n.t("Filter Runs By") });
  return picked?.facet;
}

type Change = Partial<RunFilter> | undefined;

const CHANGES: Readonly<Record<Facet, (salsa: Salsa) => Promise<Change>>> = {
  text: async ({ selection }) => {
    const text = await vscode.window.showInputBox({
      title: vscode.l10n.t("Filter Runs By Text"),
      prompt: vscode.l10n.t("Words to find in a run's name, config, device, stage or result; empty for all runs"),
      value: selection.filter.text,
    });
    return text === undefined ? undefined : { text: text.trim() };
  },
  statuses: async ({ selection, runs }) => {
    const { filter } = selection;
    const items = STATUSES.map((status) => {
      const n = runs.all().filter((run) => matches(run, { ...filter, statuses: [status] })).length;
      return {
        label: statusText(status),
        description: String(n),
        value: status,
        picked: filter.statuses.includes(status),
      };
    });
    const picked = await pickSome(items, vscode.l10n.t("Filter Runs By State"));
    return picked && { statuses: picked };
  },
  configs: async ({ selection, runs }) => {
    const { filter } = selection;
    const all = runs.all();
    const files = [...new Set(all.map(({ configFile }) => configFile))].sort();
    const items = files.map((file) => {
      const n = all.filter((run) => matches(run, { ...filter, configs: [file] })).length;
      const name = label(vscode.workspace.asRelativePath(file));
      return { label: name, description: String(n), value: file, picked: filter.configs.includes(file) };
    });
    const picked = await pickSome(items, vscode.l10n.t("Filter Runs By Config"));
    return picked && { configs: picked };
  },
};

/** All is the same as none: nothing is left out. */
async function pickSome<T>(
  items: readonly (vscode.QuickPickItem & { readonly value: T })[],
  title: string,
): Promise<readonly T[] | undefined> {
  const picked = await vscode.window.showQuickPick(items, { title, canPickMany: true });
  if (picked === undefined) return undefined;
  return picked.length === items.length ? [] : picked.map(({ value }) => value);
}
