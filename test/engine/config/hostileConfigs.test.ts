import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { parseConfig } from "../../../engine/config/index.ts";
import { fewestStages } from "../../../engine/config/sizes.ts";
import { salsa } from "../../../engine/pipeline/salsa.ts";
import { pathsToCheck } from "../../../extension/config/analysis/findings.ts";
import { occurrencesOf } from "../../../extension/config/analysis/occurrences.ts";
import { readTree } from "../../../extension/config/analysis/tree.ts";
import { rootOf } from "../../../extension/runs/roots.ts";
import { findingsIn } from "../../extension/config/analysis/configs.ts";
import { TINY, resolved } from "../pipeline/tinyRun.ts";
import { FILE, issuesOf, onlyIssue, withTask } from "./issues.ts";

/** Fails where an editor would count as hung; it is done in tenths of that. */
function quickly<T>(work: () => T): T {
  const before = process.cpuUsage();
  const result = work();
  const ms = process.cpuUsage(before).user / 1000;
  assert.ok(ms < 8000, `took ${Math.round(ms)} ms`);
  return result;
}

const keys = (n: number, prefix: string, value = "1"): string =>
  Array.from({ length: n }, (_, at) => `"${prefix}${at}": ${value}`).join(",\n");
const numbers = (n: number): string => Array.from({ length: n }, (_, at) => at).join(",");

describe("a config with mistakes by the thousand", () => {
  for (const [what, text] of [
    ["unknown keys", `{ ${keys(100_000, "seedx")} }`],
    ["unknown keys of a section", withTask(`"rlhf": { ${keys(100_000, "bet")} }`)],
    ["keys that are written twice", `{ ${Array.from({ length: 100_001 }, () => '"name": "a"').join(",\n")} }`],
    ["slips", `{ "a": [${"1 2 ".repeat(50_000)}] }`],
  ] as const) {
    it(`lists the first hundred ${what}, and says how many more there are`, () => {
      const issues = quickly(() => issuesOf(text));
      assert.equal(issues.length, 101);
      const last = issues.at(-1);
      assert.match(last?.message ?? "", /^and \d+,\d{3} more mistakes$/);
      assert.equal(last?.remedy, "correct those that are listed first");
      quickly(() => findingsIn(text));
    });
  }

  it("counts them: of 100,001 keys, task is known and 100 are listed", () => {
    const issues = issuesOf(withTask(keys(100_000, "x")));
    assert.equal(issues.at(-1)?.message, "and 99,900 more mistakes");
    assert.deepEqual([issues[0]?.path, issues[0]?.line], ["x0", 3]);
  });

  it("is refused where an arm names 100 unknown models in each of 100 arms", () => {
    const reference = Array.from({ length: 100 }, (_, at) => `"sft-x${at}${"y".repeat(80)}"`).join(",");
    const issues = quickly(() =>
      issuesOf(withTask(`"arms": { ${keys(100, "a", `{ "reference": [${reference}] }`)} }`)),
    );
    assert.equal(issues.length, 101);
  });
});

describe("a config at whose end a comment has just been opened", () => {
  it("is read to its end", () => {
    // In a process of its own: an endless loop would end no test.
    const module = new URL("../../../engine/config/locate.ts", import.meta.url).href;
    const script = `import { readDocument } from ${JSON.stringify(module)};
      console.log(readDocument('{ "name": "demo" }/*', "a.salsa.json").issuesOf([])[0].message);`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.equal(stdout, "is not JSON here: unexpected end of comment\n");
  });
});

describe("a config of more than a run can have", () => {
  for (const [what, text, path, message] of [
    ["base seeds", withTask(`"seeds": [${numbers(100_000)}]`), "seeds", "must have at most 1000 entries, has 100000"],
    [
      "SFTs",
      withTask(`"sft": { "seeds": [${numbers(1001)}] }`),
      "sft.seeds",
      "must have at most 1000 entries, has 1001",
    ],
    ["arms", withTask(`"arms": { ${keys(101, "a", "{}")} }`), "arms", "must have at most 100 entries, has 101"],
    [
      "references",
      withTask(
        `"arms": { "a": { "reference": [${keys(0, "")}${Array.from({ length: 101 }, () => '"base"').join(",")}] } }`,
      ),
      "arms.a.reference",
      "must have at most 100 entries, has 101",
    ],
  ] as const) {
    it(`is refused for its ${what}`, () => {
      const issue = quickly(() => onlyIssue(text));
      assert.deepEqual([issue.path, issue.message], [path, message]);
      assert.equal(issue.remedy, "split the work over several configs");
    });
  }

  it("is refused for the stages that all together make", () => {
    const issue = onlyIssue(withTask(`"seeds": [${numbers(1000)}]`));
    assert.match(
      issue.message,
      /^make at least \d+,\d{3} stages, with arms, benchmarks and pairs; a run has at most 10000$/,
    );
    assert.deepEqual([issue.path, issue.line], ["seeds", 3]);
  });

  it("counts no more stages than the recipe has, and nearly as many", () => {
    for (const change of [{}, { seeds: [1, 2] }]) {
      const config = { ...resolved(TINY, "/p"), ...change };
      const { length } = salsa(config).recipe.stages;
      const fewest = fewestStages(config);
      assert.ok(fewest <= length && fewest > 0.75 * length, `${fewest} of ${length}`);
    }
  });

  it("is refused for the size of its model, before anything counts up to it", () => {
    for (const key of ["nLayers", "nHeads", "hiddenSize", "maxPositions"]) {
      const issues = issuesOf(withTask(`"model": { "architecture": { "${key}": 1000000000000000 } }`));
      assert.ok(
        issues.some(({ path, message }) => path === `model.architecture.${key}` && message.includes("at most")),
      );
    }
  });

  it("is refused for a name that no file system takes", () => {
    const issue = onlyIssue(withTask(`"name": "${"n".repeat(300)}"`));
    assert.equal(issue.message, "must have at most 100 letters, has 300");
  });
});

describe("a config as editors look at it", () => {
  it("has its paths and names found in seconds among 100,000 of them", () => {
    const names = (n: number): string => Array.from({ length: n }, (_, at) => `"a${at}"`).join(",");
    const text = withTask(
      `"soups": { ${keys(50_000, "s", '{ "alpha": 2 }')} }`,
      `"rlhf": { "reference": [${names(50_000)}] }`,
    );
    quickly(() => {
      const tree = readTree(text);
      assert.deepEqual(pathsToCheck(tree, FILE), []);
      assert.equal(occurrencesOf(tree, { kind: "model", name: "a7" }).length, 1);
      assert.ok(findingsIn(text).length > 0);
    });
  });
});

describe("a config that is nested deep", () => {
  for (const [what, text] of [
    ["lists", "[".repeat(100_000)],
    ["objects", '{"a":'.repeat(100_000)],
    ["objects that wrong brackets seem to close", '{"a":{],'.repeat(50_000)],
  ] as const) {
    it(`of ${what} is refused at that place, and roots and findings are looked for all the same`, async () => {
      const issue = onlyIssue(text);
      assert.deepEqual([issue.message, issue.line], ["is nested more than 100 deep", 1]);
      assert.equal(findingsIn(text).length, 1);
      assert.equal(await rootOf("/project/demo.salsa.json", text), "/project/.salsa");
    });
  }
});

describe("a key of the language", () => {
  for (const preset of ["", '"preset": "miniinstruct", ']) {
    it(`is an unknown setting ${preset === "" ? "without" : "over"} a preset`, () => {
      const text = `{ ${preset || '"task": { "name": "miniinstruct" }, '}"__proto__": { "seeds": [7] } }`;
      const issue = onlyIssue(text);
      assert.deepEqual([issue.path, issue.message], ["__proto__", "is not a setting"]);
    });
  }

  it("names an arm or a soup like any other", () => {
    const soups = '"soups": { "constructor": { "method": "uniform" } }';
    const config = parseConfig(withTask(soups, '"arms": { "toString": { "reference": "constructor" } }'), FILE);
    assert.deepEqual(Object.keys(config.arms), ["toString"]);
    assert.deepEqual(
      Object.values(config.arms).map(({ reference }) => reference),
      [["constructor"]],
    );
    const unknown = onlyIssue(withTask('"arms": { "a": { "reference": "valueOf" } }'));
    assert.match(unknown.message, /is not a model of this run/);
  });
});
