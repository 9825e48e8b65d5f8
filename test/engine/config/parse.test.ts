import assert from "node:assert/strict";
import fc from "fast-check";
import * as z from "zod";
import { jsonSchema, parseConfig } from "../../../engine/config/index.ts";
import type { RunConfig } from "../../../engine/config/index.ts";
import { editDistance } from "../../../engine/config/suggest.ts";
import { FILE, issuesOf, onlyIssue, withTask } from "./issues.ts";

describe("parseConfig", () => {
  it("points at the key of an unknown setting and at the value of a wrong one", () => {
    assert.equal(onlyIssue(withTask('"rlhf": { "bta": 0.1 }')).column, 11);
    assert.equal(onlyIssue(withTask('"rlhf": { "beta": "x" }')).column, 19);
  });

  it("reports every mistake at once, in the order of the file", () => {
    const text = withTask(
      '"rlhf": { "gamma": 3 }',
      '"seeds": [1, 1]',
      '"sft": { "stps": 2 }',
      '"arms": { "a": { "init": "x" } }',
    );
    const issues = issuesOf(text);
    assert.deepEqual(
      issues.map((issue) => [issue.line, issue.path]),
      [
        [3, "rlhf.gamma"],
        [4, "seeds[1]"],
        [5, "sft.stps"],
        [6, "arms.a.init"],
      ],
    );
  });

  it("says nothing of names while it is not known which there are", () => {
    const text = withTask('"sft": { "seeds": "all" }', '"arms": { "a": { "init": "x" } }');
    assert.deepEqual(
      issuesOf(text).map(({ path }) => path),
      ["sft.seeds"],
    );
  });

  it("says nothing that follows from a value that is put aside", () => {
    for (const [line, path] of [
      ['"rlhf": { "batchSize": "x", "minibatchSize": 48 }', "rlhf.batchSize"],
      ['"rlhf": { "minibatchSiz": 4, "batchSize": 20 }', "rlhf.minibatchSiz"],
      [
        '"model": { "architecture": { "maxPositions": 0 } }, "rlhf": { "maxNewTokens": 64 }',
        "model.architecture.maxPositions",
      ],
    ] as const) {
      assert.equal(onlyIssue(withTask(line)).path, path);
    }
  });

  it("reports mistakes beside errors of syntax, but none that may be due to one", () => {
    const text =
      '{\n"task": { "name": "miniinstruct" },\n"seeds": [1 2],\n"rlhf": { "bta": 1 },\n"sft": { "seeds": [1, "x" ] }\n"arms": {';
    assert.deepEqual(
      issuesOf(text).map(({ line, path }) => [line, path]),
      [
        [3, ""],
        [4, "rlhf.bta"],
        [5, "sft.seeds[1]"],
        [6, ""],
        [6, ""],
      ],
    );
  });

  it("lists its issues as file:line:column  path: what is wrong; remedy", () => {
    const text = withTask('"rlhf": { "bta": 0.1 }');
    const expected = `${FILE}:3:11  rlhf.bta: is not a setting; did you mean "beta"?`;
    assert.throws(() => parseConfig(text, FILE), { name: "ConfigError", message: expected });
  });

  it("allows comments and trailing commas", () => {
    const text = '{\n// demo\n"task": { "name": "miniinstruct", }, /* end */\n}';
    assert.deepEqual(issuesOf(text), []);
  });

  it("says where JSON is broken, once per slip", () => {
    const issue = onlyIssue('{\n"seeds": [1 2]\n}');
    assert.deepEqual([issue.line, issue.column], [2, 13]);
    assert.match(issue.message, /comma expected/);
    assert.match(issue.remedy, /correct the JSON/);
  });

  it("refuses a key that is written twice", () => {
    const issue = onlyIssue(withTask('"name": "b"', '"seeds": [1]').replace("{\n", '{ "name": "a",\n'));
    assert.deepEqual([issue.line, issue.path, issue.message], [3, "name", "is written twice"]);
  });

  for (const [what, text] of [
    ["an empty file", ""],
    ["a list", "[]"],
    ["null", "null"],
  ] as const) {
    it(`tells how to begin when given ${what}`, () => {
      assert.match(onlyIssue(text).remedy, /start with \{ "preset": "miniinstruct" \}/);
    });
  }

  it("asks for task or data when neither is there", () => {
    assert.match(onlyIssue("{}").message, /task or data is missing/);
  });

  it("asks for a checkpoint when there is data", () => {
    const text = '{ "data": { "sft": "a", "preferences": "b", "prompts": "c" } }';
    assert.match(onlyIssue(text).message, /checkpoint is missing/);
  });

  it("refuses margins with a task, whose pairs have none", () => {
    const issue = onlyIssue(withTask('"reward": { "margin": true }'));
    assert.equal(issue.path, "reward.margin");
    assert.match(issue.message, /has no effect with a task/);
  });

  it("refuses a gold judge without a task", () => {
    const data = '"model": { "checkpoint": "m" }, "data": { "sft": "a", "preferences": "b", "prompts": "c" }';
    const issue = onlyIssue(`{ ${data}, "evaluation": { "judge": "gold" } }`);
    assert.equal(issue.path, "evaluation.judge");
    assert.match(issue.remedy, /use "reward"/);
  });

  it("keeps the name of the validation split from benchmarks, whose file would never be read", () => {
    const files = '"sft": "a", "preferences": "b", "prompts": "c", "benchmarks": { "validation": "d", "mine": "e" }';
    const issue = onlyIssue(`{ "model": { "checkpoint": "m" }, "data": { ${files} } }`);
    assert.equal(issue.path, "data.benchmarks.validation");
    assert.match(issue.message, /is the name of the split that settings are chosen on/);
    assert.match(issue.remedy, /another name/);
  });

  it("names files that are not there, looked for beside the config", () => {
    const asked: string[] = [];
    const exists = (path: string): boolean => {
      asked.push(path);
      return !path.endsWith("prompts.jsonl");
    };
    const text =
      '{ "model": { "checkpoint": "../m" }, "data": { "sft": "/d/a", "preferences": "b", "prompts": "prompts.jsonl" } }';
    const issue = onlyIssue(text, { exists });
    assert.equal(issue.path, "data.prompts");
    assert.match(issue.message, /there is no "prompts\.jsonl"/);
    const found = ["/d/a", "/project/m", "/project/m/config.json", "/project/runs/b", "/project/runs/prompts.jsonl"];
    assert.deepEqual(asked.sort(), found);
  });

  it("refuses a checkpoint that is none: a file, another folder, an adapter", () => {
    const text = '{ "model": { "checkpoint": "m" }, "data": { "sft": "a", "preferences": "b", "prompts": "c" } }';
    const issue = (lacks: (path: string) => boolean): ReturnType<typeof onlyIssue> =>
      onlyIssue(text, { exists: (path) => !lacks(path) });
    const other = issue((path) => path.endsWith("config.json"));
    assert.equal(other.path, "model.checkpoint");
    assert.match(other.message, /there is no config\.json in "m"/);
    assert.match(other.remedy, /a Hugging Face folder, with config\.json/);
    const adapter = issue((path) => path.endsWith("/config.json"));
    assert.match(adapter.remedy, /it is an adapter: .*salsa merge/);
  });

  it("points at the preset for a mistake between it and the config", () => {
    const issue = issuesOf('{\n"preset": "miniinstruct",\n"sft": { "seeds": [8, 9] }\n}')[0];
    assert.equal(issue?.line, 2);
  });

  it("names the setting that was meant for any slip of one letter in any key", () => {
    const known = objectKeys(jsonSchema());
    const slip = fc
      .constantFrom(...known)
      .chain(([place, key, siblings]) =>
        fc
          .tuple(
            fc.nat(key.length - 1),
            fc.constantFrom("drop", "double", "swap", "change"),
            fc.constantFrom("q", "x", "z", "j", "k"),
          )
          .map(([at, how, letter]) => ({ place, key, siblings, typo: mistyped(key, at, { how, letter }) })),
      );
    fc.assert(
      fc.property(slip, ({ place, key, siblings, typo }) => {
        // A slip that makes another setting's name, or comes as near to one, is that setting's business.
        fc.pre(typo !== "" && !siblings.includes(typo) && typo !== key);
        fc.pre(siblings.every((other) => other === key || editDistance(typo, other) > editDistance(typo, key)));
        const text = JSON.stringify(nested(place, typo));
        const path = [...place, typo].join(".");
        const issue = issuesOf(text).find((one) => one.path === path);
        assert.ok(issue?.remedy.includes(JSON.stringify(key)), `${path}: ${issue?.remedy ?? "no issue"}`);
      }),
      { numRuns: 500 },
    );
  });

  it("takes every config it has resolved from any choice of settings in range", () => {
    const rlhf = fc.record(
      {
        klKind: fc.constantFrom("kl", "abs", "mse", "full", "k3", "forward"),
        beta: fc.oneof(
          fc.double({ min: 0, max: 10, noNaN: true }),
          fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1 }),
        ),
        lambda: fc.double({ min: 0, max: 1, noNaN: true }),
        ppoEpochs: fc.integer({ min: 1, max: 9 }),
        critic: fc.constantFrom("valueHead", "separate"),
        reference: fc.constantFrom("base", "sft-1", "soup", ["sft-1", "sft-2"]),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(rlhf, rlhf, (shared, own) => {
        const text = JSON.stringify({ task: { name: "miniinstruct" }, rlhf: shared, arms: { one: own } });
        const config: RunConfig = parseConfig(text, FILE);
        const expected = { ...shared, ...own };
        const arm = config.arms["one"];
        assert.deepEqual(arm?.betas, [expected.beta ?? 0.2].flat());
        assert.deepEqual(arm.reference, [expected.reference ?? "sft-1"].flat());
        assert.equal(arm.klKind, expected.klKind ?? "kl");
      }),
    );
  });
});

type Place = readonly [place: readonly string[], key: string, siblings: readonly string[]];

/** Every key of every object the JSON schema describes by name, with where it stands. */
function objectKeys(schema: Record<string, unknown>, place: readonly string[] = []): Place[] {
  const { properties } = z
    .object({ properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}) })
    .parse(schema);
  const siblings = Object.keys(properties);
  return siblings.flatMap((key): Place[] => [
    [place, key, siblings],
    ...objectKeys(properties[key] ?? {}, [...place, key]),
  ]);
}

function nested(place: readonly string[], key: string): Record<string, unknown> {
  return place.reduceRight<Record<string, unknown>>((inner, name) => ({ [name]: inner }), { [key]: 1 });
}

function mistyped(key: string, at: number, { how, letter }: { how: string; letter: string }): string {
  const [before, here, after] = [key.slice(0, at), key.charAt(at), key.slice(at + 1)];
  if (how === "drop") return before + after;
  if (how === "double") return before + here + here + after;
  if (how === "swap") return before + after.charAt(0) + here + after.slice(1);
  return before + letter + after;
}
