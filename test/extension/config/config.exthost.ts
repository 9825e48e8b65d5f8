import assert from "node:assert/strict";
import * as vscode from "vscode";
import { startDashboard } from "../../engine/cluster/ray/dashboard.ts";
import { closeAll, open, place, problemsOf, type Problem, untilProblems, write } from "./editor.ts";

const TASK = '"task": { "name": "miniinstruct" }';
/** Settings under which every stage of a task's run takes more than the wasm backend has. */
const LARGE = '"model": { "architecture": { "hiddenSize": 2048, "nLayers": 16 } }';

const ofSalsa = ({ source }: Problem): boolean => source === "SALSA";

describe("a run config in the editor", () => {
  afterEach(closeAll);

  it("has each mistake underlined once, by its meaning and not by the schema", async () => {
    // The JSON service reports the duplicate key after it has checked all the rest.
    const twice = `{ ${TASK}, "rlhf": { "bta": 0.1, "gamma": "x", "lambda": 1, "lambda": 1 } }`;
    const document = await open("mistakes.salsa.json", twice);
    const ofJson = await untilProblems(document, (all) => all.some(({ source }) => source !== "SALSA"));
    const others = ofJson.filter((one) => !ofSalsa(one)).map(({ message }) => message);
    assert.deepEqual([...new Set(others)], ["Duplicate object key"]);
    await write(document, twice.replace('"lambda": 1, ', ""));
    const ours = await untilProblems(document, (all) => all.length === 2 && all.every(ofSalsa));
    assert.deepEqual(
      ours.map(({ text, code, severity }) => ({ text, code, severity })),
      [
        { text: '"bta"', code: "unknownSetting", severity: vscode.DiagnosticSeverity.Error },
        { text: '"x"', code: "invalidValue", severity: vscode.DiagnosticSeverity.Error },
      ],
    );
  });

  it("is put right by a quick fix", async () => {
    const document = await open("fix.salsa.json", `{ ${TASK}, "arms": { "a": { "reference": "sop" } } }`);
    const [problem] = await untilProblems(document, (all) => all.some(ofSalsa));
    assert.ok(problem !== undefined);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      "vscode.executeCodeActionProvider",
      document.uri,
      problem.range,
    );
    const fix = actions.find(({ title }) => title === 'Change to "soup"');
    assert.ok(fix?.edit !== undefined, actions.map(({ title }) => title).join(", "));
    assert.equal(fix.isPreferred, true);
    assert.ok(await vscode.workspace.applyEdit(fix.edit));
    await untilProblems(document, (all) => all.length === 0);
    assert.match(document.getText(), /"reference": "soup"/);
  });

  it("has all misspelled names corrected by Fix All", async () => {
    const document = await open("all.salsa.json", `{ ${TASK}, "rlhf": { "bta": 1, "gama": 1 } }`);
    await untilProblems(document, (all) => all.filter(ofSalsa).length === 2);
    const everything = new vscode.Range(0, 0, document.lineCount, 0);
    const kind = vscode.CodeActionKind.SourceFixAll.value;
    const [fix] = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      "vscode.executeCodeActionProvider",
      document.uri,
      everything,
      kind,
    );
    assert.ok(fix?.edit !== undefined);
    await vscode.workspace.applyEdit(fix.edit);
    assert.equal(document.getText(), `{ ${TASK}, "rlhf": { "beta": 1, "gamma": 1 } }`);
  });

  it("warns of a file that is not there, until it is", async () => {
    const data = '"data": { "sft": "a.jsonl", "preferences": "a.jsonl", "prompts": "b.jsonl" }';
    const document = await open("files.salsa.json", `{ "model": { "checkpoint": "." }, ${data} }`);
    const missing = await untilProblems(document, (all) => all.length === 4);
    assert.deepEqual(
      missing.map(({ text }) => text),
      ['"."', '"a.jsonl"', '"a.jsonl"', '"b.jsonl"'],
    );
    const made = new vscode.WorkspaceEdit();
    made.createFile(vscode.Uri.joinPath(document.uri, "../a.jsonl"), { overwrite: true });
    await vscode.workspace.applyEdit(made);
    const left = await untilProblems(document, (all) => all.length === 2);
    assert.deepEqual(
      left.map(({ text, code }) => [text, code]),
      [
        ['"."', "missingFile"],
        ['"b.jsonl"', "missingFile"],
      ],
    );
  });

  it("completes keys from the schema, and names of models in their places", async () => {
    const text = `{ ${TASK}, "rlhf": { "kl" }, "arms": { "a": { "reference": "" } } }`;
    const document = await open("complete.salsa.json", text);
    const keys = await labels(document, text.indexOf('"kl"') + 3);
    assert.ok(keys.includes("klKind"), keys.join(", "));
    const names = await labels(document, text.indexOf('"" }') + 1);
    for (const name of ["base", "sft-1", "sft-2", "soup"]) assert.ok(names.includes(name), names.join(", "));
    const choice = text.replace('"kl"', '"klKind": ""');
    await write(document, choice);
    const words = await labels(document, choice.indexOf('"klKind": ""') + 11);
    assert.ok(words.includes('"k3"') || words.includes("k3"), words.join(", "));
    const grid = text.replace('"kl"', '"beta": { "" }');
    await write(document, grid);
    const forms = await labels(document, grid.indexOf('"" }') + 1);
    assert.deepEqual(
      ["grid", "logRange"].filter((one) => !forms.includes(one)),
      [],
      forms.join(", "),
    );
    assert.match(
      await hoverText(document, grid.indexOf("beta")),
      /while of a list of β the best on the validation split alone is kept/,
    );
  });

  it("completes paths beside itself", async () => {
    const data = '"data": { "sft": "" }';
    const document = await open("paths.salsa.json", `{ ${data} }`);
    await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(document.uri, "../train.jsonl"), new Uint8Array());
    const files = await labels(document, document.getText().indexOf('"" }') + 1);
    assert.ok(files.includes("train.jsonl"), files.join(", "));
  });

  it("completes columns of data from the file itself", async () => {
    const map = '"columns": { "prompt": "", "re": "b" }';
    const text = `{ "data": { "sft": { "from": "columns.jsonl", ${map} } } }`;
    const document = await open("columns.salsa.json", text);
    const row = '{"question": "a", "answer": {"text": "b"}}\n';
    await vscode.workspace.fs.writeFile(
      vscode.Uri.joinPath(document.uri, "../columns.jsonl"),
      new TextEncoder().encode(row),
    );
    const columns = await labels(document, text.indexOf('"prompt": ""') + 11);
    for (const name of ["question", "answer", "answer.text"]) assert.ok(columns.includes(name), columns.join(", "));
    const keys = await labels(document, text.indexOf('"re"') + 3);
    // Those that SFT is read from come first; the schema knows of all others.
    assert.deepEqual(keys.slice(0, 2), ["response", "messages"]);
  });

  it("completes what a cluster has, once somebody has connected to it", async () => {
    const dashboard = await startDashboard({
      machines: [{ CPU: 96, GPU: 8, "accelerator_type:A100": 1 }, { CPU: 16 }],
      usage: { CPU: [0, 112], GPU: [5, 8] },
    });
    // No machine has as many cores: nothing is ordered there.
    const cluster = `{ "address": "${dashboard.address}", "cpus": 500, "trainer": { "cardsPerNode": 1 } }`;
    const text = `{ ${TASK}, "runtime": { "cluster": ${cluster} } }`;
    const document = await open("cluster.salsa.json", text);
    const after = (key: string): number => text.indexOf(key) + key.length;
    // Besides, the schema's default is offered.
    const ours = async (key: string): Promise<readonly string[]> =>
      (await items(document, after(key))).flatMap(({ label, filterText = "" }) => {
        const { label: value, description = "" } = typeof label === "string" ? { label } : label;
        return description.includes(", seen ") ? [`${value} (${filterText}): ${description}`] : [];
      });
    assert.deepEqual(await ours('"cpus": '), []);
    await vscode.commands.executeCommand("salsa.connectCluster", document.uri);
    dashboard.close();
    assert.deepEqual(
      (await ours('"cpus": ')).map((line) => line.replace(/seen .*$/, "seen")),
      [
        "12 (500): for each card of a machine: 8 cards (A100), 96 CPUs, seen",
        "96 (500): largest machine: 8 cards (A100), 96 CPUs, seen",
        "16 (500): another machine: 16 CPUs, seen",
      ],
    );
    assert.match((await ours('"cardsPerNode": ')).join(), /^8 \(1\): largest machine: 8 cards .* seen (now|.* ago)$/);
    assert.match(await hoverText(document, text.indexOf('"cluster"')), /Free: 3 of 8 cards, 112 of 112 CPUs\. Seen/);
  });

  it("tells of a setting what the schema says, and what follows from it", async () => {
    const text = `{ ${TASK}, "rlhf": { "init": "soup" } }`;
    const document = await open("hover.salsa.json", text);
    const hovers = await hoverText(document, text.indexOf("rlhf"));
    assert.match(hovers, /RLHF by PPO/);
    assert.match(hovers, /7,680 rollouts/);
    assert.match(await hoverText(document, text.indexOf("soup")), /uniform of sft-1, sft-2/);
  });

  it("renames an arm wherever it is named, and finds where a name comes from", async () => {
    const text = `{ ${TASK}, "arms": { "mine": {} }, "evaluation": { "pairs": [["mine", "base"]] } }`;
    const document = await open("rename.salsa.json", text);
    const used = place(document, text.lastIndexOf("mine") + 1);
    const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit>(
      "vscode.executeDocumentRenameProvider",
      document.uri,
      used,
      "ours",
    );
    await vscode.workspace.applyEdit(edit);
    assert.equal(document.getText(), text.replaceAll("mine", "ours"));
    const [origin] = await vscode.commands.executeCommand<vscode.Location[]>(
      "vscode.executeDefinitionProvider",
      document.uri,
      used,
    );
    assert.equal(origin && document.getText(origin.range), "ours");
  });

  it("has run, plan and dashboard above it, until they are turned off", async () => {
    const document = await open("lens.salsa.json", `{ ${TASK}, "arms": { "a": { "beta": [0.1, 0.2] } } }`);
    const titles = ["$(play) Run", "$(checklist) Plan", "$(dashboard) Open dashboard", "2 candidates for β"];
    assert.deepEqual(await lensTitles(document), titles);
    const settings = vscode.workspace.getConfiguration("salsa");
    await settings.update("codeLens", false, vscode.ConfigurationTarget.Workspace);
    assert.deepEqual(await lensTitles(document), []);
    await settings.update("codeLens", undefined, vscode.ConfigurationTarget.Workspace);
  });

  it("is warned of a plan that exceeds memory once it is saved, at the setting that drives it", async () => {
    const document = await open("large.salsa.json", `{ ${TASK} }`);
    await write(document, `{ ${TASK}, ${LARGE}, "sft": { "batchSize": 512 } }`);
    await document.save();
    const found = await untilProblems(document, (all) => all.some(({ code }) => code === "memory"));
    const messages = found.map(({ message }) => message).join("\n");
    assert.match(messages, /needs an estimated \d+\.\d GiB of memory, and the wasm backend can use 4\.0 GiB/);
    await write(document, `{ ${TASK} }`);
    await untilProblems(document, (all) => all.length === 0);
  });

  it("is left alone as the other side of a diff and without a name", async () => {
    const unnamed = await vscode.workspace.openTextDocument({ language: "jsonc", content: '{ "rlhf": { "bta": 1 } }' });
    const named = await open("named.salsa.json", '{ "rlhf": { "bta": 1 } }');
    await untilProblems(named, (all) => all.some(ofSalsa));
    assert.deepEqual(problemsOf(unnamed).filter(ofSalsa), []);
  });
});

async function items(document: vscode.TextDocument, offset: number): Promise<readonly vscode.CompletionItem[]> {
  const { items: found } = await vscode.commands.executeCommand<vscode.CompletionList>(
    "vscode.executeCompletionItemProvider",
    document.uri,
    place(document, offset),
  );
  return found;
}

async function labels(document: vscode.TextDocument, offset: number): Promise<string[]> {
  return (await items(document, offset)).map(({ label }) => (typeof label === "string" ? label : label.label));
}

async function hoverText(document: vscode.TextDocument, offset: number): Promise<string> {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    "vscode.executeHoverProvider",
    document.uri,
    place(document, offset + 1),
  );
  const texts = hovers.flatMap(({ contents }) => contents as vscode.MarkdownString[]);
  return texts.map(({ value }) => value).join("\n");
}

async function lensTitles(document: vscode.TextDocument): Promise<string[]> {
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
    "vscode.executeCodeLensProvider",
    document.uri,
    10,
  );
  return lenses.map(({ command }) => command?.title ?? "");
}
