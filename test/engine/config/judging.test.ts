import assert from "node:assert/strict";
import { JUDGES } from "../../../engine/evaluation/judges/index.ts";
import { evaluationSchema } from "../../../engine/config/evaluation.ts";
import { checkJudge, defaultJudge, foreignSettings } from "../../../engine/config/judging.ts";
import { configTable } from "../../../engine/config/index.ts";
import { wordsOf } from "../../../engine/config/setting.ts";
import { bare, docsOf } from "../../../engine/config/walk.ts";

const LLM = evaluationSchema.parse({ llm: { model: "m", baseUrl: "http://127.0.0.1:1/v1" } }).llm;

const PANEL = { members: ["reward", LLM], rule: "majority" };

/** Of judges that need some: their settings. */
const REQUIRED: Readonly<Partial<Record<string, object>>> = { llm: { llm: LLM }, panel: { panel: PANEL } };

describe("the judge of a config", () => {
  const { meanings } = docsOf(bare(evaluationSchema.shape.judge)) as unknown as {
    readonly meanings: Readonly<Record<string, string>>;
  };

  it("is one of the judges that there are, each described in the schema and the docs table", () => {
    assert.deepEqual(
      wordsOf(meanings),
      JUDGES.map(({ name }) => name),
    );
    for (const { name, description } of JUDGES) {
      assert.equal(meanings[name], description);
      assert.ok(configTable().includes(`\`${name}\`: ${description}`));
    }
  });

  it("has its settings among those of the evaluation", () => {
    for (const key of JUDGES.flatMap(({ settings }) => Object.keys(settings))) {
      assert.ok(key in evaluationSchema.shape, key);
    }
  });

  it("is not given what only another has", () => {
    const [gold] = JUDGES;
    const other = { name: "other", settings: {} };
    const complaints = foreignSettings({ judge: "other", prompts: 8, tieMargin: 1 }, other, [gold, other]);
    assert.deepEqual(
      complaints.map(({ path, message }) => [path.join("."), message]),
      [["evaluation.tieMargin", 'is not a setting of the judge "other"']],
    );
    assert.deepEqual(foreignSettings({ judge: "gold", tieMargin: 1 }, gold, [gold, other]), []);
  });

  it("is the first that goes by scores the run knows, unless it is named", () => {
    assert.equal(defaultJudge({ hasGold: true }), "gold");
    assert.equal(defaultJudge({ hasGold: false }), "reward");
  });

  it("is refused when it needs a gold score that nobody knows", () => {
    for (const { name, needs } of JUDGES) {
      const own = REQUIRED[name] ?? {};
      const complaints = checkJudge({ judge: name, ...own }, { hasGold: false });
      const needsGold = (needs as readonly string[]).includes("gold");
      assert.deepEqual(
        complaints.map(({ path }) => path.join(".")),
        needsGold ? ["evaluation.judge"] : [],
      );
      if (needsGold) assert.match(complaints[0]?.remedy ?? "", /^use "reward".*, or give a task/);
      assert.deepEqual(checkJudge({ judge: name, ...own }, { hasGold: true }), []);
    }
  });

  it("that is a language model needs one, and a prompt file where its protocol says so", () => {
    const complaints = (llm: unknown): string[] =>
      checkJudge({ judge: "llm", ...(llm === undefined ? {} : { llm }) }, { hasGold: false }).map(
        ({ path, message }) => `${path.join(".")} ${message}`,
      );
    assert.match(complaints(undefined).join(), /^evaluation\.llm is missing/);
    assert.match(complaints({ ...LLM, protocol: "file" }).join(), /^evaluation\.llm\.protocol .*promptFile is missing/);
    assert.match(
      complaints({ ...LLM, promptFile: "p.txt" }).join(),
      /^evaluation\.llm\.promptFile would change nothing/,
    );
    const own = { ...LLM, protocol: "file", promptFile: "p.txt" };
    assert.deepEqual(complaints(own), []);
    assert.match(complaints({ ...own, verdictPattern: "(" }).join(), /not a regular expression/);
  });

  it("that is a panel has no member that knows a gold score nobody knows, or a prompt file", () => {
    const members = ["gold", { ...LLM, protocol: "file", promptFile: "p.txt" }];
    const paths = checkJudge({ judge: "panel", panel: { ...PANEL, members } }, { hasGold: false }).map(({ path }) =>
      path.join("."),
    );
    assert.deepEqual(paths, ["evaluation.panel.members.0", "evaluation.panel.members.1.protocol"]);
  });

  it("names the variable of its key, and never holds the key itself", () => {
    const read = (keyVariable: string): boolean => evaluationSchema.safeParse({ llm: { ...LLM, keyVariable } }).success;
    assert.ok(read("OPENAI_API_KEY"));
    for (const wrong of ["sk-1234567890abcdef", "GITHUB_TOKEN", "PATH", "api_key", ""]) assert.ok(!read(wrong), wrong);
  });
});
