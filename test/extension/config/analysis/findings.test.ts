import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { findingText } from "../../../../extension/config/analysis/finding.ts";
import { pathsToCheck } from "../../../../extension/config/analysis/findings.ts";
import { readTree } from "../../../../extension/config/analysis/tree.ts";
import { DATA, FILE, findingsIn, marked, onlyFinding, TASK } from "./configs.ts";

const EXAMPLES = new URL("../../../../examples/miniinstruct/", import.meta.url);

describe("findingsOf", () => {
  for (const name of ["demo.salsa.json", "comparison.salsa.json", "claims.salsa.json"]) {
    it(`has nothing to say about ${name}`, async () => {
      assert.deepEqual(findingsIn(await readFile(new URL(name, EXAMPLES), "utf8")), []);
    });
  }

  for (const [what, line, mark, code, message] of [
    [
      "the key of an unknown setting",
      '"rlhf": { "bta": 0.1 }',
      '"bta"',
      "unknownSetting",
      'rlhf.bta is not a setting; did you mean "beta"?',
    ],
    [
      "a value of the wrong kind",
      '"rlhf": { "gamma": "x" }',
      '"x"',
      "invalidValue",
      /^rlhf\.gamma must be a number, got "x"; leave it out/,
    ],
    [
      "a name in a list",
      '"arms": { "a": { "reference": ["sft-1", "sft-9"] } }',
      '"sft-9"',
      "unknownModel",
      /^"sft-9" is not a model/,
    ],
    [
      "one of two that exclude each other",
      '"sft": { "steps": 1, "epochs": 1 }',
      '"steps"',
      "alternatives",
      /^sft\.steps is given together with epochs/,
    ],
    [
      "a whole list",
      '"soups": { "s": { "method": "linear", "weights": [0.2, 0.3] } }',
      "[0.2, 0.3]",
      "weights",
      /add up to 0\.5, not 1/,
    ],
    [
      "an arm whose name has dots",
      '"arms": { "a.1": { "iterations": 0 } }',
      "0",
      "invalidValue",
      /^arms\.a\.1\.iterations must be at least 1/,
    ],
    [
      "the section that lacks a setting",
      '"soups": {\n"s": {\n"of": ["sft-1", "sft-2"] } }',
      '"s"',
      "missingSetting",
      /^soups\.s\.method is missing/,
    ],
  ] as const) {
    it(`underlines ${what}`, () => {
      const text = `{\r\n// a comment\r\n${TASK},\r\n${line}\r\n}`;
      const finding = onlyFinding(text);
      assert.equal(marked(text, finding), mark);
      assert.equal(finding.code, code);
      assert.equal(finding.severity, "error");
      if (typeof message === "string") assert.equal(findingText(finding), message);
      else assert.match(findingText(finding), message);
    });
  }

  it("knows the setting's path also where it is not written, and where names have dots", () => {
    assert.deepEqual(onlyFinding(`{ ${TASK}, "arms": { "a.1": { "bta": 1 } } }`).path, ["arms", "a.1", "bta"]);
    assert.deepEqual(onlyFinding('{ "task": {} }').path, ["task", "name"]);
    const pairs = `{ ${TASK}, "evaluation": { "pairs": [["soup", "sooup"]] } }`;
    assert.deepEqual(onlyFinding(pairs).path, ["evaluation", "pairs", 0, 1]);
  });

  it("names the setting when what is underlined is the preset that brought it", () => {
    const text = '{ "preset": "miniinstruct", "sft": { "seeds": [1, 2] } }';
    const finding = onlyFinding(text);
    assert.equal(marked(text, finding), '"miniinstruct"');
    assert.match(finding.message, /^soups\.soup3\.of\[2\]: "sft-3" is not a model/);
  });

  it("tells a misspelled preset without asking for the task that it would have brought", () => {
    assert.deepEqual(onlyFinding('{ "preset": "miniinstrct" }').path, ["preset"]);
  });

  it("leaves broken JSON and keys written twice to the editor's JSON support", () => {
    assert.deepEqual(findingsIn('{ "rlhf": { "bta": '), []);
    assert.deepEqual(findingsIn(`{ ${TASK}, "name": "a", "name": "b" }`), []);
  });

  it("finds mistakes in front of, behind and beside broken JSON and keys written twice", () => {
    const twice = `{ ${TASK}, "name": "a", "name": "b", "rlhf": { "bta": 1 } }`;
    assert.deepEqual(
      findingsIn(twice).map(({ path }) => path),
      [["rlhf", "bta"]],
    );
    const broken = `{ ${TASK}, "sft": { "seds": [1] }, "rlhf": { "bta": 1 } "arms": { "a": { "reference": "soop" } } }`;
    assert.deepEqual(
      findingsIn(broken).map(({ path }) => path),
      [
        ["sft", "seds"],
        ["rlhf", "bta"],
        ["arms", "a", "reference"],
      ],
    );
  });

  it("underlines the file of a missing path", () => {
    const text = `{ ${DATA} }`;
    const finding = onlyFinding(text, { exists: (path) => path !== "/project/b.jsonl" });
    assert.deepEqual([marked(text, finding), finding.code], ['"b.jsonl"', "missingFile"]);
  });

  it("underlines a place within the text for any text", () => {
    const pieces = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"arms"',
      '"a"',
      "1",
      '"',
      "\n",
      "//",
      TASK,
      '"soups"',
      "null",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const text = parts.join(" ");
        for (const { span } of findingsIn(text))
          assert.ok(0 <= span.start && span.start <= span.end && span.end <= text.length);
      }),
    );
  });

  it("is ready within a tenth of a second for a config of eight arms", () => {
    const arms = Array.from(
      { length: 8 },
      (_, n) => `"arm-${n}": { "reference": "soup", "beta": [0.1, ${n + 1}], "topP": 0.9 }`,
    );
    const text = `{ ${TASK}, "arms": { ${arms.join(", ")} } }`;
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      assert.equal(findingsIn(text).length, 8);
      return performance.now() - start;
    });
    // The fastest of five: other processes of this machine slow down the rest.
    assert.ok(Math.min(...times) < 100, `${Math.min(...times)} ms`);
  });
});

describe("pathsToCheck", () => {
  it("lists what a config names, beside itself", () => {
    const benchmarks = `{ ${DATA.replace('"c.jsonl" }', '"../c.jsonl", "benchmarks": { "t": "/d/t.jsonl" } }')} }`;
    const model = ["/project/m", "/project/m/config.json", "/project/m/adapter_config.json"];
    const paths = [...model, "/project/a.jsonl", "/project/b.jsonl", "/c.jsonl", "/d/t.jsonl"];
    assert.deepEqual(pathsToCheck(readTree(benchmarks), FILE), paths);
  });

  it("lists all that the checks ask for, whatever is there", () => {
    const text = `{ ${DATA}, "reward": { "checkpoint": "r" }, "chat": { "template": "t.jinja" } }`;
    const listed = pathsToCheck(readTree(text), FILE);
    for (const lacks of [/^$/, /\/config\.json$/, /config\.json$/, /./]) {
      const asked: string[] = [];
      const exists = (path: string): boolean => asked.push(path) > 0 && !lacks.test(path);
      for (const { code } of findingsIn(text, { exists })) assert.equal(code, "missingFile");
      assert.deepEqual(
        asked.filter((path) => !listed.includes(path)),
        [],
      );
    }
  });

  it("lists none that is not written yet, or is no path", () => {
    assert.deepEqual(pathsToCheck(readTree('{ "data": { "sft": "", "prompts": 1, "preferences":'), FILE), []);
  });
});

describe("adviceOn", () => {
  for (const [what, line, mark, code, severity] of [
    ["an α above 1", '"soups": { "s": { "method": "linear", "alpha": 1.5 } }', "1.5", "extrapolation", "information"],
    ["a negative α", '"soups": { "s": { "method": "slerp", "alpha": -0.1 } }', "-0.1", "extrapolation", "information"],
  ] as const) {
    it(`marks ${what}`, () => {
      const text = `{ ${TASK}, ${line} }`;
      const finding = onlyFinding(text);
      assert.deepEqual([marked(text, finding), finding.code, finding.severity], [mark, code, severity]);
    });
  }

  it("leaves to the checks what would stop the run", () => {
    for (const [line, mark] of [
      ['"arms": { "a": { "topK": 40 } }', "40"],
      ['"rlhf": { "topP": 0.9 }', "0.9"],
    ] as const) {
      const text = `{ ${TASK}, ${line} }`;
      const finding = onlyFinding(text);
      assert.deepEqual([marked(text, finding), finding.code, finding.severity], [mark, "truncation", "error"]);
    }
  });

  it("lets α in [0, 1], top-k 0 and top-p 1 be", () => {
    const soups = '"soups": { "s": { "method": "linear", "alpha": 0 }, "t": { "method": "slerp", "alpha": 1 } }';
    assert.deepEqual(findingsIn(`{ ${TASK}, ${soups}, "rlhf": { "topK": 0, "topP": 1 } }`), []);
  });

  it("warns of a benchmark on the prompts that RLHF learns from, however its path is written", () => {
    const text = `{ ${DATA.replace('"c.jsonl" }', '"c.jsonl", "benchmarks": { "t": "./x/../c.jsonl", "u": "u.jsonl" } }')} }`;
    const finding = onlyFinding(text);
    assert.deepEqual([finding.path, finding.code], [["data", "benchmarks", "t"], "trainedPrompts"]);
  });
});
