import assert from "node:assert/strict";
import fc from "fast-check";
import { metricItems } from "../../extension/commands/metricItems.ts";
import { checkpointGroups } from "../../extension/commands/checkpointItems.ts";
import { runItems } from "../../extension/commands/runItems.ts";
import { configLenses, armLenses } from "../../extension/config/analysis/lensTexts.ts";
import { label } from "../../extension/label.ts";
import { statusLine } from "../../extension/runs/status.ts";
import { runTooltip } from "../../extension/runs/tooltip.ts";
import { HOSTILE, MARKED, kindsOf, steering } from "../engine/hostileText.ts";
import { summary } from "./commands/summaries.ts";

const BAD = `${MARKED}${HOSTILE}`;

/** An icon that the editor would draw, other than those of ours. */
const ICON =
  /\$\((?!(play|checklist|debug-stop|dashboard|warning|watch|sync|pass|debug-pause|error|clock|debug-disconnect)\))/;
const LINK = /\]\(/;

function assertLabel(text: string): void {
  assert.deepEqual(steering(text), [], JSON.stringify(text));
  assert.doesNotMatch(text, /[\n\t]/);
  assert.doesNotMatch(text, ICON);
  assert.doesNotMatch(text, LINK);
}

const run = summary(BAD, {
  name: BAD,
  configFile: BAD,
  device: BAD,
  status: "running",
  progress: { stage: BAD, title: BAD, step: 1, total: 2, nDone: 1, nStages: 2, fraction: 0.5 },
  failure: { error: BAD, message: BAD, stage: BAD },
  alarm: { stage: BAD, step: 1, name: BAD, message: BAD, time: 0 },
  nAlarms: 1,
  result: { benchmark: BAD, a: BAD, b: BAD, adjusted: 0.5, low: 0.4, high: 0.6, n: 2 },
  tables: [BAD],
});
const variants = (["running", "queued", "finished", "stopped", "failed", "lost"] as const).flatMap((status) => [
  { ...run, status },
  { ...run, status, problem: BAD },
]);

describe("a label of the editor", () => {
  it("is one line without icons, links or marks of direction", () => {
    assert.equal(label("a\r\n\tb\u2028c"), "a b c");
    assert.equal(label("$(zap) [x](command:y) \u202eab"), "$ (zap) [x] (command:y) ab");
    assert.equal(label("$\u202e(zap)"), "$ (zap)");
    assertLabel(label(BAD));
    assert.equal(label("x".repeat(5000)).length, 1000);
  });

  it("is the text itself where that is plain", () => {
    for (const text of ["demo-1", "salsa (β 0.1) vs ppo", "58 % · 3 min left", "שלום", "a [b] (c)"]) {
      assert.equal(label(text), text);
    }
  });

  it("is one, whatever comes", () => {
    const unit = fc.constantFrom("$", "(", ")", "[", "]", "\n", "\u202e", "\u200e", "a", " ", "\x1b");
    fc.assert(fc.property(fc.string({ unit }), (text) => assertLabel(label(text))));
  });

  it("is what runs, checkpoints and metrics to pick have", async () => {
    const telling = { now: 1_700_000_180_000, locale: "en" };
    const model = { name: BAD, folder: "/m", bytes: 1, exists: true, isPolicy: true } as never;
    const texts = [
      ...runItems([...variants, ...variants], telling),
      ...(await metricItems([{ series: { [BAD]: { [BAD]: 1 } } }])),
      ...checkpointGroups([{ id: BAD, models: [model] }], () => true).flatMap(({ heading, items }) => [
        { label: heading, description: "" },
        ...items,
      ]),
    ].flatMap((item) => [item.label, item.description, "detail" in item ? item.detail : ""]);
    for (const text of texts) assertLabel(text);
  });

  it("is what lenses and the status bar have", () => {
    for (const one of variants) {
      const row = { ...one.result, seed: "all", nSeeds: 1 } as never;
      const lenses = [...configLenses([one], { canRun: true }), ...configLenses([one, run], { canRun: true })];
      for (const { title } of [...lenses, ...armLenses(2, { run: one, row })]) assertLabel(title);
      const settings = { ended: new Map([[one.folder, 1]]), unseen: new Set([one.folder]), now: 1 };
      const line = statusLine([one], settings);
      assertLabel(line?.text ?? "");
      assertLabel(line?.label ?? "");
    }
  });
});

describe("a tooltip", () => {
  it("is Markdown in which nothing of a file is a link, an image, HTML, a table's cell or an icon", () => {
    for (const one of variants) {
      const settings = { ended: new Map(), unseen: new Set([one.folder]), now: 1 };
      for (const text of [runTooltip(one), statusLine([one], settings)?.tooltip ?? ""]) {
        for (const kind of ["link_open", "image", "html_inline", "html_block", "em_open", "s_open", "fence"]) {
          assert.ok(!kindsOf(text).has(kind), `${kind} in ${text}`);
        }
        assert.deepEqual(steering(text), []);
        // The editor takes icons from the text as it is shown.
        assert.doesNotMatch(text.replace(/\\(?=[^\w\s])/g, ""), ICON);
      }
    }
  });
});
