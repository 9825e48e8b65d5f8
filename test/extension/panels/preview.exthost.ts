import assert from "node:assert/strict";
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import type { OpenedPreview, PreviewPage } from "../../../engine/protocol/preview.ts";
import type { PreviewParams } from "../../../engine/protocol/service.ts";
import type { Salsa } from "../../../extension/salsa.ts";
import { ask } from "../commands/asking.ts";

/** A request of the page that has been answered. */
interface Answered {
  readonly method: string;
  readonly params: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

describe("the preview of data in the editor", function () {
  this.timeout(60_000);
  let folder = "";
  let salsa: Salsa;
  const answered: Answered[] = [];
  let listener: () => void = () => undefined;

  const uri = (name: string): vscode.Uri => vscode.Uri.file(join(folder, name));

  before(async () => {
    const extension = vscode.extensions.getExtension<Salsa>("salsa.salsa");
    const workspace = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    assert.ok(extension !== undefined && workspace !== undefined);
    salsa = await extension.activate();
    folder = join(workspace, "preview");
    await mkdir(folder, { recursive: true });
    const artifacts = join(extension.extensionPath, "out/demo/.salsa/artifacts"); // made by the outer suite
    const base = (await readdir(artifacts)).find((name) => name.startsWith("base-"));
    assert.ok(base !== undefined);
    await cp(join(artifacts, base), join(folder, "base"), { recursive: true });
    const lines = ["city river", "time"].map((response) => ({ prompt: "reverse: city river.", response }));
    for (const name of ["sft.jsonl", "prompts.jsonl", "other.jsonl"])
      await writeFile(join(folder, name), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const data = { sft: { from: "sft.jsonl" }, prompts: "prompts.jsonl", preferences: "prompts.jsonl" };
    await writeFile(join(folder, "mine.salsa.json"), JSON.stringify({ model: { checkpoint: "base" }, data }));
    await salsa.runs.refresh();
    // Requests of the page to the engine go through here, and come from there.
    const { service } = salsa;
    const request = service.request.bind(service) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(service, {
      request: async (...args: readonly unknown[]) => {
        const asked = { method: String(args[0]), params: args[1] };
        try {
          const result = await request(...args);
          answered.push({ ...asked, result });
          return result;
        } catch (error) {
          answered.push({ ...asked, error });
          throw error;
        } finally {
          listener();
        }
      },
    });
  });

  after(async () => {
    Reflect.deleteProperty(salsa.service, "request");
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await rm(folder, { recursive: true, force: true });
    await salsa.runs.refresh();
  });

  /** Resolves with what was asked and answered, once the page has rows and has looked at one of them. */
  async function shown(show: () => PromiseLike<unknown>): Promise<{ target: unknown; page: PreviewPage }> {
    answered.length = 0;
    const { promise: looked, resolve, reject } = Promise.withResolvers<undefined>();
    // The page before may still be at reading on, which it is refused from now on.
    const own = (): readonly Answered[] => {
      const opened = answered.find(({ method }) => method === "openPreview");
      const id = (opened?.result as OpenedPreview | undefined)?.id;
      const isOf = (params: unknown): boolean => id !== undefined && (params as Partial<PreviewParams>).id === id;
      return answered.filter((one) => one === opened || isOf(one.params));
    };
    listener = () => {
      const failed = own().find(({ error }) => error !== undefined);
      if (failed !== undefined) reject(new Error(`${failed.method}: ${String(failed.error)}`));
      if (own().some(({ method }) => method === "previewRow")) resolve(undefined);
    };
    await show();
    await looked;
    const of = (name: string): Answered | undefined => own().find(({ method }) => method === name);
    return { target: of("openPreview")?.params, page: of("previewPage")?.result as PreviewPage };
  }

  const title = (): string | undefined =>
    vscode.window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .find(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes("salsa.dataPreview"))
      ?.label;

  const learned = ({ rows }: PreviewPage): unknown[] =>
    rows.map(({ line, fate, sequences }) => [line, fate === "used" || fate === "validation", sequences.length]);

  it("opens on a config, and shows the rows of its first source", async () => {
    const { target, page } = await shown(() =>
      vscode.commands.executeCommand("salsa.previewData", uri("mine.salsa.json")),
    );
    assert.deepEqual(target, { configFile: uri("mine.salsa.json").fsPath });
    assert.deepEqual(learned(page), [
      [1, true, 1],
      [2, true, 1],
    ]);
    assert.match(page.rows[0]?.sequences[0]?.pieces.join("") ?? "", /reverse.*city.*river/s);
    assert.equal(title(), "sft of mine.salsa.json");
  });

  it("opens on a file that one config names as that config's source, without a question", async () => {
    const { target, page } = await shown(() => vscode.commands.executeCommand("salsa.previewData", uri("sft.jsonl")));
    assert.deepEqual(target, { configFile: uri("mine.salsa.json").fsPath, source: "sft" });
    assert.equal(page.rows.length, 2);
  });

  it("opens on any other file as the model sees it that is picked", async () => {
    const file = uri("other.jsonl");
    const { target, page } = await shown(() =>
      ask(salsa, "salsa.previewData", [file], {
        showQuickPick: (items) => items.find(({ label }) => label.includes("mine.salsa.json")),
        showErrorMessage: (message) => assert.fail(message),
      }),
    );
    assert.deepEqual(target, { file: file.fsPath, seenBy: { configFile: uri("mine.salsa.json").fsPath } });
    assert.deepEqual(learned(page), [
      [1, true, 1],
      [2, true, 1],
    ]);
    assert.equal(title(), "Data of other.jsonl");
  });
});
