import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { Salsa } from "../../../extension/salsa.ts";

/** The parts of the extension, which it exports only to tests. */
async function built(): Promise<Salsa> {
  const salsa: unknown = await vscode.extensions.getExtension("salsa.salsa")?.activate();
  assert.ok(salsa !== undefined, "extension mode is Test");
  return salsa as Salsa;
}

const tabs = (): readonly vscode.Tab[] => vscode.window.tabGroups.all.flatMap((group) => group.tabs);
const dashboards = (): readonly vscode.Tab[] =>
  tabs().filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes("salsa.dashboard"));

/** Resolves at the next change of tabs after which something is so, or at once. */
function untilTabs(isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!isSo()) return;
      listening.dispose();
      resolve();
    };
    const listening = vscode.window.tabGroups.onDidChangeTabs(look);
    look();
  });
}

describe("the dashboard's panel", () => {
  it("is one a window, keeps what it shows, and forgets it when it is closed", async () => {
    const { dashboard } = await built();
    assert.equal(dashboard.focused(), undefined);
    dashboard.show({ view: "metrics", runs: ["/w/.salsa/runs/demo-7"] });
    await untilTabs(() => dashboards().some(({ label }) => label === "SALSA: demo-7"));
    dashboard.show({ view: "samples" });
    assert.deepEqual(dashboard.focused(), ["/w/.salsa/runs/demo-7"]);
    assert.equal(dashboards().length, 1);
    await vscode.window.tabGroups.close([...dashboards()]);
    await untilTabs(() => dashboards().length === 0);
    assert.equal(dashboard.focused(), undefined);
  });

  it("follows other runs where it is, without coming to the front, and says so; closed, it follows none", async () => {
    const { dashboard } = await built();
    let nChanges = 0;
    const listening = dashboard.onDidChangeFocus(() => nChanges++);
    dashboard.follow(["/w/.salsa/runs/demo-7"]);
    assert.deepEqual([dashboard.focused(), dashboards().length, nChanges], [undefined, 0, 0]);
    dashboard.show({ view: "metrics", runs: ["/w/.salsa/runs/demo-7"] });
    await untilTabs(() => dashboards().some(({ label }) => label === "SALSA: demo-7"));
    const document = await vscode.workspace.openTextDocument({ content: "in front" });
    await vscode.window.showTextDocument(document, { preview: false });
    nChanges = 0;
    dashboard.follow(["/w/.salsa/runs/demo-8", "/w/.salsa/runs/demo-9"]);
    await untilTabs(() => dashboards().some(({ label }) => label === "SALSA: demo-8 and 1 more"));
    assert.equal(vscode.window.activeTextEditor?.document, document, "the keyboard stays where it is");
    assert.ok(dashboards().every(({ isActive }) => !isActive));
    assert.deepEqual([dashboard.shown()?.view, dashboard.focused()?.length], ["metrics", 2]);
    assert.ok(nChanges > 0);
    nChanges = 0;
    await vscode.window.tabGroups.close([...dashboards()]);
    await untilTabs(() => dashboards().length === 0);
    assert.ok(nChanges > 0);
    listening.dispose();
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  });

  it("opens another one beside the first, each with its own run, and means the one that was last in front", async () => {
    const { dashboard } = await built();
    dashboard.show({ view: "metrics", runs: ["/w/.salsa/runs/demo-7"] });
    dashboard.showBeside({ runs: ["/w/.salsa/runs/demo-8"] });
    const labels = (): readonly string[] =>
      dashboards()
        .map(({ label }) => label)
        .sort();
    await untilTabs(() => labels().join() === "SALSA: demo-7,SALSA: demo-8");
    assert.equal(new Set(dashboards().map(({ group }) => group.viewColumn)).size, 2);
    assert.deepEqual(dashboard.shown()?.runs, ["/w/.salsa/runs/demo-8"]);
    assert.equal(dashboard.shown()?.view, "metrics", "it begins with what the first shows");
    dashboard.show({ view: "samples" });
    assert.equal(dashboards().length, 2);
    await vscode.window.tabGroups.close(dashboards().filter(({ label }) => label.endsWith("demo-8")));
    await untilTabs(() => dashboards().length === 1);
    assert.deepEqual([dashboard.shown()?.runs, dashboard.shown()?.view], [["/w/.salsa/runs/demo-7"], "metrics"]);
    await vscode.window.tabGroups.close([...dashboards()]);
    await untilTabs(() => dashboards().length === 0);
  });
});

describe("the engine service in the editor", () => {
  it("answers with the Node that comes along, and finds runs of the workspace", async () => {
    const { service, runs } = await built();
    await runs.refresh();
    assert.ok(Array.isArray(await service.request("listRuns", {})));
  });

  it("says what it cannot find", async () => {
    const { service } = await built();
    await assert.rejects(service.request("outline", { folder: "/nowhere/.salsa/runs/demo-1" }), /demo-1/);
  });

  it("stops asking when the person does not want to know any more", async () => {
    const { service } = await built();
    const source = new vscode.CancellationTokenSource();
    source.cancel();
    await assert.rejects(service.request("listRuns", {}, source.token), vscode.CancellationError);
  });
});

describe("the tool in the editor", () => {
  it("runs the command line and gives its last line", async () => {
    const { tool, context } = await built();
    const report = await tool.run(["doctor"], { folder: context.extensionPath });
    assert.ok(JSON.stringify(report).includes("Node"));
  });
});
