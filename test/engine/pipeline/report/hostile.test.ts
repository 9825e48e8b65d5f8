import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { writeReport } from "../../../../engine/pipeline/index.ts";
import type { EventBody } from "../../../../engine/protocol/events.ts";
import { legacyStage } from "../../../../engine/protocol/legacyStages.ts";
import { HOSTILE, MARKED, steering, tokensOf } from "../../hostileText.ts";
import { stamped, writeRun } from "../../server/service/runFolders.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { TINY, resolved } from "../tinyRun.ts";

/** Everything at once, short enough for a name. */
const BAD = `${MARKED}${HOSTILE}`;

const stage = { ...legacyStage("ppo"), id: BAD, product: BAD, title: BAD };
const events: readonly EventBody[] = [
  { kind: "runStarted", run: BAD, name: BAD, device: BAD, resumed: false, stages: [stage] },
  { kind: "stageStarted", stage: BAD, key: "k", cached: false, from: BAD },
  {
    kind: "metrics",
    stage: BAD,
    step: 1,
    values: { "objective/kl": 1, "objective/score": 2, "reward/heldOutAccuracy": 1 },
  },
  { kind: "alarm", stage: BAD, step: 1, name: BAD, message: BAD },
  {
    kind: "table",
    table: {
      name: "scores",
      title: BAD,
      columns: [{ header: BAD, align: "left" }],
      rows: [[BAD]],
      note: `${BAD}\n${BAD}`,
      files: [],
    },
  },
  { kind: "runFailed", error: BAD, message: BAD, stage: BAD },
];

async function reportOf(folder: string): Promise<string> {
  const config = resolved(TINY, folder);
  const arm = Object.values(config.arms)[0];
  const hostile = {
    ...config,
    name: BAD,
    task: { name: BAD },
    model: { checkpoint: BAD },
    reward: { ...config.reward, init: BAD },
    soups: { [BAD]: { method: BAD, of: [BAD], [BAD]: BAD } },
    arms: {
      [BAD]: { ...arm, init: BAD, reference: [BAD], klKind: BAD },
    },
    evaluation: { ...config.evaluation, benchmarks: [BAD] },
    runtime: { ...config.runtime, backend: BAD },
  };
  const origin = { salsa: BAD, node: BAD, platform: BAD, cpu: BAD, configFile: `/c/${BAD}` };
  const git = { commit: `abc\nrm -rf ~ # ${BAD}`, branch: BAD, dirty: true, diff: `+${BAD}\n+\`\`\`\`\n` };
  const run = await writeRun(folder, "demo-1", {
    events: stamped(events),
    record: { config: hostile, ...origin, git },
  });
  const columns = { tokens: [], logprobs: [], kl: [], rewards: [], advantages: [], values: [] };
  const sample = { stage: BAD, step: 1, prompt: BAD, response: BAD, ended: true, score: 1, ...columns };
  await fs.writeFile(`${run}/samples.jsonl`, `${JSON.stringify(sample)}\n`);
  return fs.readFile(await writeReport(run), "utf8");
}

describe("a report of what somebody else has written", () => {
  let text: string;
  before(async () => {
    text = await inTemporaryFolder(reportOf);
  });

  it("holds no link, HTML, list or picture but our own", () => {
    const tokens = tokensOf(text);
    const kinds = new Set(tokens.map(({ type }) => type));
    for (const kind of ["link_open", "html_block", "html_inline", "s_open", "em_open"])
      assert.ok(!kinds.has(kind), kind);
    const images = tokens.filter(({ type }) => type === "image").map(({ attrs }) => attrs?.[0]?.[1] ?? "");
    assert.ok(images.length > 0 && images.every((one) => /^figures\/\w+\.svg$/.test(one)), images.join());
    assert.ok(!kinds.has("ordered_list_open"));
  });

  it("has the headings of every report, and tables with as many cells as columns", () => {
    const tokens = tokensOf(text);
    const headings = tokens.flatMap(({ type }, at) => (type === "heading_open" ? [tokens[at + 1]?.content ?? ""] : []));
    assert.deepEqual(
      headings.filter((heading) => !heading.includes("img")),
      [
        ...["Results", "What was run", "Arms", "The paper's figures", "What is not drawn", "Learning curves"],
        ...["Alarms", "Samples", "How to make it again"],
      ],
    );
    for (const line of text.split("\n").filter((one) => one.startsWith("| ---"))) {
      const columns = line.split("|").length - 2;
      assert.ok([1, 2, 4, 5, 8].includes(columns), line);
    }
  });

  it("has commands of one line, and nothing of a commit that is none", () => {
    const [commands] = tokensOf(text).filter(({ type, info }) => type === "fence" && info === "sh");
    assert.match(commands?.content ?? "", /^salsa run \$'.*'\n$/);
    assert.doesNotMatch(commands?.content ?? "", /\n./);
  });

  it("shows the changes as they are, in one block, with what steers spelled out", () => {
    // The others are lines for a config.
    const fences = tokensOf(text).filter(({ type, info }) => type === "fence" && info !== "json");
    assert.equal(fences.length, 2);
    assert.match(fences[1]?.content ?? "", /^\+<img [^]*\\u202e[^]*\+````\n$/);
    assert.deepEqual(steering(text), []);
  });
});
