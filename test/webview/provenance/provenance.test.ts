import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { ModelArtifact } from "../../../engine/protocol/service.ts";
import { axeViolations } from "../axe.ts";
import type { Answers } from "../backend.ts";
import { choose } from "../choose.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend, provenanceOf } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";
import { THEMES } from "../webView.ts";
import { configOf } from "../recording.ts";

const DEMO = demoRun();
const OTHER = { ...demoRun("demo-2"), config: configOf({ seeds: [1, 2] }) };
const DIFF = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old line\n+new line\n";

function modelOf(name: string, { exists, bytes }: Pick<ModelArtifact, "exists" | "bytes">): ModelArtifact {
  const folder = `/work/.salsa/artifacts/${name}`;
  return { name, product: name, kind: "sft", folder, exists, bytes, isPolicy: true };
}

describeInBrowser("the provenance view", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(answers: Answers = {}): Promise<Page> {
    const backend = fixtureBackend([DEMO, OTHER], {
      provenance: ({ folder }) => {
        const made = provenanceOf(folder === OTHER.folder ? OTHER : DEMO);
        return { ...made, git: { commit: "0123456789abcdef", branch: "main", dirty: true, diff: DIFF } };
      },
      models: () => [modelOf("soup", { exists: true, bytes: 423_900 }), modelOf("sft-1", { exists: false, bytes: 0 })],
      ...answers,
    });
    open = await openDashboard(browser(), backend, { focus: { view: "provenance", runs: [DEMO.folder] } });
    return open.page;
  }

  it("tells code, machine and versions", async () => {
    const page = await show();
    await page.getByText("SALSA 0.1.0, Node v24.21.0").waitFor();
    await page.getByText("linux-x64, 2 × AMD EPYC, 8.0 GiB").waitFor();
    await page.getByText("with uncommitted changes").waitFor();
  });

  it("shows uncommitted changes line by line, copies them and opens them", async () => {
    const page = await show();
    assert.equal(await page.locator(".diff .added").innerText(), "+new line");
    assert.equal(await page.locator(".diff .removed").innerText(), "-old line");
    await page.getByText("Copy", { exact: true }).click();
    await page.getByText("Open in Editor", { exact: true }).click();
    assert.deepEqual(open?.asked.slice(-2), [
      { method: "copy", params: { text: DIFF } },
      { method: "openText", params: { title: "demo-1.diff", language: "diff", text: DIFF } },
    ]);
  });

  it("lists models with sizes, opens their folders and copies their paths", async () => {
    const page = await show();
    await page.getByRole("row", { name: /soup/ }).getByText("424 kB").waitFor();
    await page.getByRole("row", { name: /sft-1/ }).getByText("removed since").waitFor();
    await page.getByRole("button", { name: "Open Folder of soup" }).click();
    await page.getByRole("button", { name: "Copy Path of sft-1" }).click();
    assert.deepEqual(open?.asked.slice(-2), [
      { method: "openFile", params: { file: "/work/.salsa/artifacts/soup" } },
      { method: "copy", params: { text: "/work/.salsa/artifacts/sft-1" } },
    ]);
  });

  it("folds and unfolds the config by keys, as trees in the editor do", async () => {
    const page = await show();
    const tree = page.getByRole("treegrid", { name: "Resolved config" });
    const reference = tree.getByRole("row", { name: /^reference / });
    await page.getByRole("textbox", { name: "Search settings" }).fill("reference");
    await reference.first().waitFor();
    const nRows = await reference.count();
    await tree.focus();
    await page.keyboard.press("ArrowDown"); // to the first arm
    await page.keyboard.press("ArrowLeft");
    await tree.locator('[aria-expanded="false"]').waitFor();
    assert.equal(await reference.count(), nRows - 1);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    assert.match(await tree.locator(".active .key").innerText(), /^reference/); // its first setting that is found
  });

  it("shows where another run's config differs", async () => {
    const page = await show();
    await choose(page, "Compare with", "demo-2 · demo");
    await page.getByText("1 difference").waitFor();
    await page.getByText("Differences only").click();
    const cells = page.getByRole("row", { name: /^seeds/ }).getByRole("gridcell");
    assert.deepEqual((await cells.allInnerTexts()).slice(1), ["[1]", "[1, 2]"]);
    await page.getByText("Compare in Editor…").click();
    assert.deepEqual(open?.asked.at(-1)?.params, { command: "salsa.diffConfigs", folder: DEMO.folder });
  });

  it("says why it cannot be read, and tries again", async () => {
    let isBroken = true;
    const page = await show({
      provenance: () => {
        if (isBroken) throw new Error("run.json: written by a newer version");
        return provenanceOf(DEMO);
      },
    });
    await page.getByText("run.json: written by a newer version").waitFor();
    isBroken = false;
    await page.getByText("Try Again").click();
    await page.getByText("SALSA 0.1.0, Node v24.21.0").waitFor();
  });

  for (const theme of THEMES) {
    it(`has no serious violation for axe in the ${theme} theme`, async () => {
      const page = await show();
      await open?.setTheme(theme);
      await choose(page, "Compare with", "demo-2 · demo");
      await page.getByText("1 difference").waitFor();
      assert.deepEqual(await axeViolations(page), []);
    });
  }
});
