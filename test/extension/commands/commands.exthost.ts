import assert from "node:assert/strict";
import { appendFile, cp, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import { readPlanOutput } from "../../../engine/protocol/toolOutput.ts";
import { lockOf, takeLock } from "../../../engine/storage/locks.ts";
import { runChange } from "../../../extension/commands/runChange.ts";
import { isActive } from "../../../extension/runs/states.ts";
import type { Salsa } from "../../../extension/salsa.ts";
import { type Answers, ask as askWith } from "./asking.ts";

describe("commands", () => {
  let workspace = "";
  let salsa: Salsa;

  before(async () => {
    workspace = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
    const extension = vscode.extensions.getExtension<Salsa>("salsa.salsa");
    assert.ok(extension !== undefined && workspace !== "");
    salsa = await extension.activate();
    // The demo's finished run; twice, so that there are two to compare.
    const demo = join(extension.extensionPath, "out/demo"); // made by the outer suite
    await cp(join(demo, "demo.salsa.json"), join(workspace, "demo.salsa.json"));
    await cp(join(demo, ".salsa"), join(workspace, ".salsa"), { recursive: true });
    await cp(runFolder("demo-1"), runFolder("demo-2"), { recursive: true });
    await salsa.runs.refresh();
  });

  after(async () => {
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    for (const name of ["demo.salsa.json", ".salsa", "miniinstruct.salsa.json", "miniinstruct-2.salsa.json"])
      await rm(join(workspace, name), { recursive: true, force: true });
    await salsa.runs.refresh();
  });

  afterEach(() => vscode.commands.executeCommand("workbench.action.closeAllEditors"));

  const runFolder = (id: string): string => join(workspace, ".salsa/runs", id);

  const ask = (id: string, args: readonly unknown[], answers: Answers): Promise<unknown> =>
    askWith(salsa, id, args, answers);

  it("write a new config, select what to fill in, and never write over one that is there", async () => {
    for (const name of ["miniinstruct", "miniinstruct-2"]) {
      const file = join(workspace, `${name}.salsa.json`);
      const made = await ask("salsa.newConfig", [], {
        showQuickPick: (items) => items[0],
        showInputBox: ({ value = "" }) => value,
      });
      assert.equal((made as vscode.Uri).fsPath, file);
      assert.ok((await readFile(file, "utf8")).includes(`"name": "${name}"`));
      const editor = vscode.window.activeTextEditor;
      assert.equal(editor?.document.uri.fsPath, file);
      assert.equal(editor.document.getText(editor.selection), name);
    }
  });

  it("plan a config: every stage, what is made, and the memory of this machine", async () => {
    await vscode.commands.executeCommand("salsa.plan", vscode.Uri.file(join(workspace, "demo.salsa.json")));
    const text = await previewed("Plan of demo.md");
    assert.match(text, /\| base \| cached \| 104,640 \|/);
    assert.match(text, /this machine has \d+\.\d GiB/);
  });

  it("look at the machine", async () => {
    await vscode.commands.executeCommand("salsa.doctor");
    assert.match(await previewed("Doctor.md"), /✓\u00a0ok \| Node \| v\d+/);
  });

  it("compare the resolved configs of two runs, without asking when there are only two", async () => {
    await vscode.commands.executeCommand("salsa.diffConfigs");
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(input instanceof vscode.TabInputTextDiff);
    const document = await vscode.workspace.openTextDocument(input.modified);
    assert.equal(document.languageId, "json");
    const config = JSON.parse(document.getText()) as { name: string };
    assert.equal(config.name, "demo");
    assert.deepEqual(Object.keys(config), Object.keys(config).sort());
  });

  it("write a table as the run has it", async () => {
    const file = vscode.Uri.file(join(workspace, ".salsa/winRates.csv"));
    const saved = await ask("salsa.exportTable", [runFolder("demo-1")], {
      showQuickPick: (items) => items.find(({ name, format }) => name === "winRates" || format === "csv"),
      showSaveDialog: () => file,
    });
    assert.equal(String(saved), String(file));
    const own = await readFile(join(runFolder("demo-1"), "tables/winRates.csv"), "utf8");
    assert.equal(await readFile(file.fsPath, "utf8"), own);
  });

  it("write a table of the paper", async () => {
    const file = vscode.Uri.file(join(workspace, ".salsa/main.tex"));
    await ask("salsa.exportTable", [runFolder("demo-1")], {
      showQuickPick: (items) => items.find(({ name, format }) => name === "paper-main" || format === "latex"),
      showSaveDialog: () => file,
    });
    assert.match(await readFile(file.fsPath, "utf8"), /^\\begin\{tabular\}[^]*SALSA vs PPO/);
  });

  it("write the report of two runs as one file to share", async () => {
    const file = vscode.Uri.file(join(workspace, ".salsa/shared.html"));
    const runs = [runFolder("demo-1"), runFolder("demo-2")].map((folder) => ({ kind: "run", folder }));
    const shared = await ask("salsa.shareReport", [runs[0], runs], { showSaveDialog: () => file });
    assert.equal(String(shared), String(file));
    const html = await readFile(file.fsPath, "utf8");
    assert.match(html, /^<!doctype html>[^]*demo-1[^]*demo-2/i);
    assert.doesNotMatch(html, /src="(?!data:)/);
  });

  it("mix two checkpoints, and score the soup", async () => {
    const models = await salsa.service.request("models", { folder: runFolder("demo-1") });
    const [first, second] = ["sft-1", "sft-2"].map((name) => ({
      kind: "model",
      folder: runFolder("demo-1"),
      model: models.find((model) => model.name === name)?.folder,
    }));
    const soup = await ask("salsa.makeSoup", [first, [first, second]], {
      showQuickPick: (items) => items.find(({ method }) => method === "linear"),
      showInputBox: ({ value }) => (value === "0.5" ? "0.25" : ".salsa/soup"),
    });
    assert.equal(soup, join(workspace, ".salsa/soup"));
    await ask("salsa.score", [{ kind: "model", model: soup }], {
      showQuickPick: (items) => items[0],
      showInputBox: () => "16",
    });
    assert.match(await previewed("Scores of soup.md"), /\| inDistribution \| 16 \| \d/);
  });

  it("tell a failure in one message, with the tool's own words", async () => {
    const told: string[] = [];
    const models = await salsa.service.request("models", { folder: runFolder("demo-1") });
    const [policy, reward] = ["sft-1", "reward"].map((name) => ({
      kind: "model",
      model: models.find((model) => model.name === name)?.folder,
    }));
    await ask("salsa.makeSoup", [policy, [policy, reward]], {
      showQuickPick: (items) => items[0],
      showInputBox: () => ".salsa/never",
      showErrorMessage: (message) => void told.push(message),
    });
    assert.equal(told.length, 1);
    assert.match(told[0] ?? "", /config\.json differs from .* at architectures/);
  });

  it("end silently when the person thinks better of it", async () => {
    const told: string[] = [];
    const showErrorMessage = (message: string): void => void told.push(message);
    await ask("salsa.newConfig", [], { showQuickPick: () => undefined, showErrorMessage });
    assert.deepEqual(told, []);
  });

  it("measure a figure of a run, and draw it", async () => {
    const told: string[] = [];
    await ask("salsa.measureFigure", [runFolder("demo-1"), "line"], {
      showErrorMessage: (message) => void told.push(message),
    });
    assert.deepEqual(told, []);
    assert.match(await readFile(join(runFolder("demo-1"), "figures/line.svg"), "utf8"), /sft-1/);
  });

  it("make a test prompt: a line of the file beside the config, once, and never over what somebody wrote wrong", async () => {
    const file = join(workspace, "salsa.prompts.jsonl");
    const pin = (prompt: string, said: string[] = []): Promise<unknown> =>
      ask("salsa.pinPrompt", [runFolder("demo-1"), { prompt, from: "demo-1, step 4" }], {
        showErrorMessage: (message) => void said.push(message),
      });
    try {
      assert.equal(await pin("reverse: red blue."), 1);
      assert.equal(await pin("reverse: red blue."), 1);
      assert.equal(await readFile(file, "utf8"), '{"prompt":"reverse: red blue.","from":"demo-1, step 4"}\n');
      const { token } = new vscode.CancellationTokenSource();
      const planned = await salsa.tool.run(["plan", join(workspace, "demo.salsa.json")], { folder: workspace, token });
      const { stages } = readPlanOutput(planned);
      const tested = stages.filter(({ benchmark }) => benchmark === "test prompts");
      assert.ok(tested.some(({ product, cached }) => product === "salsa" && !cached));
      await writeFile(file, "no JSON\n");
      const said: string[] = [];
      await pin("another", said);
      assert.match(said[0] ?? "", /nothing in the file is lost: .*salsa\.prompts\.jsonl:1 not JSON/);
      assert.equal(await readFile(file, "utf8"), "no JSON\n");
    } finally {
      await rm(file, { force: true });
    }
  });

  it("make no test prompt through a link, wherever it leads", async () => {
    const outside = await mkdtemp(join(tmpdir(), "salsa-outside-"));
    const file = join(workspace, "salsa.prompts.jsonl");
    await writeFile(join(outside, "theirs"), "");
    try {
      for (const target of ["theirs", "none"]) {
        await symlink(join(outside, target), file);
        const said: string[] = [];
        await ask("salsa.pinPrompt", [runFolder("demo-1"), { prompt: "$(reboot)" }], {
          showErrorMessage: (message) => void said.push(message),
        }).catch((error: unknown) => said.push(String(error)));
        assert.match(said[0] ?? "", /salsa\.prompts\.jsonl is a link or no file, and is neither read nor written/);
        await rm(file);
      }
      assert.deepEqual(await readdir(outside), ["theirs"]);
      assert.equal(await readFile(join(outside, "theirs"), "utf8"), "");
    } finally {
      await rm(file, { force: true });
      await rm(outside, { recursive: true });
    }
  });

  it("run a config on a host of the ssh config, and remember it", async function () {
    if (process.env["SALSA_TEST_HOST"] === undefined) return this.skip(); // the outer suite has said so
    this.timeout(120_000); // the program is packed and sent
    const config = vscode.Uri.file(join(workspace, "demo.salsa.json"));
    await mkdir(join(homedir(), ".ssh"), { recursive: true });
    await writeFile(join(homedir(), ".ssh/config"), "Host attic desk lab-*\n");
    const offered: (readonly [string, string | undefined])[][] = [];
    const pick = (host: string | undefined): Promise<unknown> =>
      ask("salsa.runOnHost", [config], {
        showQuickPick: (items) => {
          offered.push(items.map(({ label, description }) => [label, description] as const));
          return items.find(({ label }) => label === host);
        },
        showErrorMessage: (message) => assert.fail(message),
      });
    const folder = (await pick("desk")) as string;
    const finished = await runChange(salsa.runs, folder, ({ status }) => !isActive({ status }), { most: 100_000 });
    assert.equal(finished?.status, "finished", finished?.failure?.message);
    assert.match(finished.device, /^desk: wasm/);
    for (const table of ["winRates.csv", "scores.csv"]) {
      const [there, here] = [folder, runFolder("demo-1")].map((run) => readFile(join(run, "tables", table), "utf8"));
      assert.equal(await there, await here);
    }
    await ask("salsa.deleteRun", [folder], {
      showWarningMessage: (_question, _options, ...items) => items[0],
      showErrorMessage: (message) => assert.fail(message),
    });
    await assert.rejects(stat(folder), "as soon as it is finished it can be deleted");
    await pick(undefined);
    assert.deepEqual(offered, [
      [
        ["attic", undefined],
        ["desk", undefined],
        ["Another Host...", undefined],
      ],
      [
        ["desk", "last used"],
        ["attic", undefined],
        ["Another Host...", undefined],
      ],
    ]);
  });

  it("delete a run once that is confirmed, and leave what other runs use", async () => {
    const asked: string[] = [];
    await ask("salsa.deleteRun", [runFolder("demo-2")], {
      showWarningMessage: (question, { detail }, ...items) => {
        asked.push(question, detail);
        assert.equal(items.length, 1);
        return items[0];
      },
    });
    assert.match(asked[0] ?? "", /^Delete demo-2\?/);
    assert.match(asked[1] ?? "", /^The records take \d.* [kM]B\. Other runs use all its models and data/);
    await assert.rejects(stat(runFolder("demo-2")));
    // The other run of the same artifacts keeps them all.
    const models = await salsa.service.request("models", { folder: runFolder("demo-1") });
    assert.ok(models.length > 0 && models.every(({ exists }) => exists));
  });

  it("delete the others of several runs where one is gone or at work again by the time that it is confirmed", async () => {
    const [gone = "", resumed = "", left = ""] = ["demo-7", "demo-8", "demo-9"].map(runFolder);
    for (const folder of [gone, resumed, left]) await cp(runFolder("demo-1"), folder, { recursive: true });
    for (const folder of [gone, resumed, left]) await runChange(salsa.runs, folder, () => true);
    let held: Awaited<ReturnType<typeof takeLock>> | undefined;
    const told: string[] = [];
    try {
      const freed = await ask(
        "salsa.deleteRun",
        [gone, [gone, resumed, left].map((folder) => ({ kind: "run", folder }))],
        {
          showWarningMessage: async (question, _options, ...items) => {
            assert.match(question, /^Delete demo-7, demo-8, demo-9\?/);
            await rm(gone, { recursive: true });
            held = await takeLock(lockOf(resumed));
            const log = join(resumed, "events.jsonl");
            const [first = "", ...others] = (await readFile(log, "utf8")).trimEnd().split("\n");
            const again = {
              ...(JSON.parse(first) as object),
              time: Date.now(),
              sequence: others.length + 1,
              resumed: true,
            };
            await appendFile(log, `${JSON.stringify(again)}\n`);
            return items[0];
          },
          showErrorMessage: (message) => void told.push(message),
        },
      );
      assert.equal(freed, undefined);
      assert.match(
        told.join(),
        /^demo-7, demo-9 was deleted: \d.* freed\. demo-8 was not deleted: .*at work on it; stop the run/,
      );
      await stat(resumed);
      for (const folder of [gone, left]) await assert.rejects(stat(folder));
    } finally {
      await held?.release();
      for (const folder of [gone, resumed, left]) await rm(folder, { recursive: true, force: true });
      await salsa.runs.refresh();
    }
  });

  it("list every folder that a deletion would take where a dialog has no room, and take none that is not confirmed", async () => {
    const folder = runFolder("demo-1");
    const { run, artifacts } = await salsa.service.request("sizeOf", { folder });
    assert.ok(artifacts.length > 16, "no other run uses them, and a dialog has no room for them");
    const asked: (string | undefined)[] = [];
    await ask("salsa.deleteRun", [folder], {
      // Of the second question, which comes with the list, the box is closed.
      showWarningMessage: (_question, { detail }, ...items) => {
        asked.push(detail);
        return items.find((item) => typeof item !== "string" && item.title === "List All Folders");
      },
      showErrorMessage: (message) => assert.fail(message),
    });
    assert.equal(asked.length, 2);
    assert.match(asked[0] ?? "", /\nand \d+ more$/);
    const listed = await previewed("Folders to delete.md");
    for (const name of [run, ...artifacts]) {
      assert.ok(listed.includes(`${name}\``), name);
      await stat(join(workspace, ".salsa", name));
    }
  });

  it("fetch a benchmark beside a config and write it in, unsaved; or tell why it cannot be fetched", async () => {
    const config = vscode.Uri.file(join(workspace, "demo.salsa.json"));
    const before = await readFile(config.fsPath, "utf8");
    const file = join(workspace, "benchmarks/ultrafeedback/test_prefs.parquet");
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, "as it was fetched before");
    const told: string[] = [];
    const fetching = (title: string): Promise<unknown> =>
      ask("salsa.fetchBenchmark", [config], {
        showQuickPick: (items) => items.find(({ label }) => label === title),
        showInformationMessage: (message) => Promise.resolve(void told.push(message)),
        showErrorMessage: (message) => void told.push(message),
      });
    try {
      process.env["HF_HUB_OFFLINE"] = "1";
      await fetching("UltraFeedback");
      assert.match(told[0] ?? "", /^UltraFeedback \(24 B\) is beside the config .* License: MIT\.$/);
      const document = vscode.window.activeTextEditor?.document;
      assert.ok(document?.isDirty === true && document.uri.fsPath === config.fsPath);
      assert.match(document.getText(), /"ultrafeedback": \{ "kind": "ultrafeedback", "from": "benchmarks\/ultra/);
      assert.equal(await readFile(config.fsPath, "utf8"), before);
      await vscode.commands.executeCommand("workbench.action.files.revert");
      await fetching("MT-Bench");
      assert.match(told[1] ?? "", /HF_HUB_OFFLINE forbids to download it/);
    } finally {
      Reflect.deleteProperty(process.env, "HF_HUB_OFFLINE");
      await rm(join(workspace, "benchmarks"), { recursive: true, force: true });
    }
  });

  it("offer language models what they contribute, and answer them", async () => {
    const names = vscode.lm.tools.map(({ name }) => name).filter((name) => name.startsWith("salsa_"));
    assert.deepEqual(names.sort(), [
      ...["salsa_checkConfig", "salsa_listRuns", "salsa_readAlarms", "salsa_readMetrics", "salsa_readRunsTable"],
      ...["salsa_readSamples", "salsa_readTables", "salsa_startRun", "salsa_stopRun"],
    ]);
    const invoke = async (name: string, input: object): Promise<string> => {
      const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
      return content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : "")).join("");
    };
    assert.match(await invoke("salsa_listRuns", {}), /- demo-1: finished, 100\.00 % done/);
    const table = await invoke("salsa_readRunsTable", {
      columns: ["run", "name", "kl"],
      filter: "run=demo-1 name=salsa",
    });
    assert.match(table, /\n\nrun\.id,model\.name,metric\.objective\/kl\ndemo-1,salsa,[\d.]+/);
    const metrics = await invoke("salsa_readMetrics", { run: "demo-1", metrics: ["objective/kl"], stages: ["salsa"] });
    assert.match(metrics, /salsa objective\/kl .*\n\d+ points; first .* at step \d+; last .* at step \d+/);
    const tables = await invoke("salsa_readTables", { run: "demo-1" });
    assert.match(await invoke("salsa_readSamples", { limit: 1, models: ["salsa"] }), /salsa \(score .* tokens.*\):\n/);
    assert.match(await invoke("salsa_readAlarms", {}), /has raised/);
    assert.match(
      await invoke("salsa_checkConfig", { config: "demo.salsa.json" }),
      /has no mistakes\. \d+ of \d+ stages/,
    );
    const [row] = JSON.parse(await readFile(join(runFolder("demo-1"), "tables/winRates.json"), "utf8")) as Record<
      "wins" | "losses" | "ties" | "n" | "winRate",
      number
    >[];
    const { wins, losses, ties, n, winRate } = row ?? assert.fail("the run has no win rates");
    const cells = [
      "inDistribution",
      "salsa",
      "ppo",
      "all",
      1,
      wins,
      losses,
      ties,
      n,
      `${(100 * winRate).toFixed(2)} %`,
    ];
    assert.ok(tables.includes(`| ${cells.join(" | ")} |`), tables);
  });
});

/** The text of the document of ours that is shown as it reads, once it is. */
async function previewed(title: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const look = (): void => {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs.map(({ label }) => label));
    const own = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === "salsa" && uri.path === `/${title}`);
    if (own !== undefined && tabs.some((label) => label.endsWith(title))) resolve(own.getText());
  };
  const listening = [vscode.window.tabGroups.onDidChangeTabs(look), vscode.workspace.onDidOpenTextDocument(look)];
  look();
  return promise.finally(() => {
    for (const each of listening) each.dispose();
  });
}
