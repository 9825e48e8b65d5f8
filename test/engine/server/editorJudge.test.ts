import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { EditorAnswer, EditorCall } from "../../../engine/protocol/editorModels.ts";
import { SERVICE_PROTOCOL } from "../../../engine/protocol/service.ts";
import { launch } from "../../../engine/server/launch.ts";
import { tiny } from "../pipeline/tinyRun.ts";
import { request, watch, withEngines } from "./engines.ts";
import { type ServiceClient, startService } from "./service/serviceClient.ts";

const MODEL = "vscode:scripted/judge";

const JUDGED = tiny({
  name: "judged",
  evaluation: {
    judge: "llm",
    llm: { model: MODEL },
    contestants: { editor: { model: "vscode:scripted/answerer", system: "Be brief." } },
    pairs: [
      ["salsa", "ppo"],
      ["editor", "ppo"],
    ],
    prompts: 4,
  },
});

/** A window's service, whose window says something to each call of a run. */
async function openWindow(root: string, answer: (call: EditorCall) => Promise<EditorAnswer>): Promise<ServiceClient> {
  const service = startService();
  service.connection.onRequest("askModel", answer);
  await service.ask("initialize", { protocol: SERVICE_PROTOCOL, client: "window", isTrusted: true });
  await service.ask("setRoots", { roots: [root] });
  await service.ask("offerModels", {});
  return service;
}

const said = (text: string): EditorAnswer => ({ kind: "reply", reply: { text, end: "stop" } });

describe("a detached run that the editor's models judge and answer", function () {
  this.timeout(120_000);

  it("waits for a window, for consent, for another window; asks each call once, and nothing again when repeated", async () => {
    await withEngines(async (folder) => {
      const root = path.join(folder, ".salsa");
      const asked: EditorCall[] = [];
      const reply = async (call: EditorCall): Promise<EditorAnswer> => {
        asked.push(call);
        return Promise.resolve(said(call.model === MODEL ? "Both are good. [[A]]" : "home time"));
      };
      const { folder: runFolder } = await launch(request(JUDGED, folder));
      const watched = await watch(runFolder);
      await watched.until(({ waits = [] }) => waits.some(({ reason }) => reason === "window"));

      // A window whose person has not agreed yet, and then goes away with what it was asked.
      let isAllowed = false;
      const first = await openWindow(root, async () =>
        isAllowed ? new Promise(() => undefined) : { kind: "failed", fault: "consent", message: "not asked yet" },
      );
      await watched.until(({ waits = [] }) => waits.some(({ reason }) => reason === "consent"));
      isAllowed = true;
      await first.ask("offerModels", {});
      await watched.until(({ waits = [] }) => waits.length === 0);
      first.child.kill("SIGKILL");
      await watched.until(({ waits = [] }) => waits.some(({ reason }) => reason === "window"));

      const others = [await openWindow(root, reply), await openWindow(root, reply)];
      const { status, waits, tables } = await watched.ended;
      assert.deepEqual([status, waits], ["finished", undefined]);
      assert.match(
        tables.find(({ name }) => name === "winRates")?.note ?? "",
        /vscode:scripted\/judge \(protocol paper\)/,
      );
      const keys = asked.map((call) => JSON.stringify(call));
      assert.equal(new Set(keys).size, keys.length, "no call was made twice");
      const [question] = asked.filter(({ model }) => model !== MODEL);
      assert.equal((question?.request.prompt[0] as { readonly role: string } | undefined)?.role, "system");
      assert.ok(asked.some(({ model }) => model === MODEL));

      // Its replies are kept: judged and answered again, nobody is asked.
      const artifacts = path.join(root, "artifacts");
      const made = (await fs.readdir(artifacts)).filter((name) => /^(answers|judgments)-/.test(name));
      for (const name of made) await fs.rm(path.join(artifacts, name), { recursive: true });
      const again = await launch(request(JUDGED, folder));
      const repeated = await watch(again.folder);
      assert.equal((await repeated.ended).status, "finished");
      assert.equal(asked.length, keys.length);
      for (const { child } of others) child.kill("SIGKILL");
    });
  });
});
