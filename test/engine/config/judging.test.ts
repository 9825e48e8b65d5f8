import assert from "node:assert/strict";
import { JUDGES } from "../../../engine/evaluation/judges/index.ts";
import { evaluationSchema } from "../../../engine/config/evaluation.ts";
import { checkJudge, defaultJudge, foreignSettings } from "../../../engine/config/judging.ts";
import { configTable } from "../../../engine/config/index.ts";
import { wordsOf } from "../../../engine/config/setting.ts";
import { bare, docsOf } from "../../../engine/config/walk.ts";

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
      const complaints = checkJudge({ judge: name }, { hasGold: false });
      const needsGold = (needs as readonly string[]).includes("gold");
      assert.deepEqual(
        complaints.map(({ path }) => path.join(".")),
        needsGold ? ["evaluation.judge"] : [],
      );
      if (needsGold) assert.match(complaints[0]?.remedy ?? "", /^use "reward".*, or give a task/);
      assert.deepEqual(checkJudge({ judge: name }, { hasGold: true }), []);
    }
  });
});
