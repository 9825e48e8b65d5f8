import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { SamplePage, SampleQuery } from "../../../../engine/protocol/samples.ts";
import { RunRollouts } from "../../../../engine/server/service/rollouts.ts";
import { SampleSearch } from "../../../../engine/server/service/sampleQuery.ts";
import { HeldTexts } from "../../../../engine/server/service/sampleTexts.ts";
import { SampleStore } from "../../../../engine/server/service/sampleStore.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { linesOf } from "./runFolders.ts";

function sample(stage: string, step: number, prompt: string, response: string, more: object = {}): object {
  const tokens = response.split(" ");
  const numbers = tokens.map((_, index) => index / 3);
  const columns = { logprobs: numbers, kl: numbers, rewards: numbers, advantages: numbers, values: numbers };
  return { stage, step, prompt, response, ended: true, score: 0, ...more, tokens, ...columns };
}

async function indexed<T>(
  records: readonly object[],
  work: (ask: (query?: Partial<SampleQuery>) => Promise<SamplePage>, file: string, rollouts: RunRollouts) => Promise<T>,
): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    const file = path.join(folder, "samples.jsonl");
    await fs.writeFile(file, linesOf(records));
    const rollouts = new RunRollouts(folder);
    const query: SampleQuery = { folder, source: { kind: "rollouts" }, offset: 0, limit: 100 };
    return work(async (more) => (await rollouts.current()).page({ ...query, ...more }), file, rollouts);
  });
}

const textsOf = ({ rows }: SamplePage): (string | undefined)[][] =>
  rows.map(({ responses }) => responses.map((one) => one?.text));

describe("the index of rollouts", () => {
  it("goes on as the file grows, past a line that is torn or of another kind", async () => {
    await indexed([sample("ppo", 1, "p", "one")], async (ask, file, rollouts) => {
      assert.equal((await ask()).total, 1);
      const next = linesOf([sample("salsa", 1, "p", "two words"), { note: 1 }, sample("ppo", 6, "p", "three")]);
      await fs.appendFile(file, `${next}{"stage":"ppo","st`);
      assert.deepEqual(textsOf(await ask()), [
        ["one", "two words"],
        ["three", undefined],
      ]);
      await fs.appendFile(file, `\n${linesOf([sample("salsa", 6, "p", "four")])}`);
      assert.deepEqual(textsOf(await ask()), [
        ["one", "two words"],
        ["three", "four"],
      ]);
      assert.deepEqual((await rollouts.tokens(5)).tokens, ["four"]);
      await assert.rejects(rollouts.tokens(4), /samples\.jsonl:5: this line was damaged on disk/);
      await assert.rejects(rollouts.tokens(2), /samples\.jsonl:3: this line is not a rollout: stage: /);
    });
  });

  it("shows what a stage recorded last, where it was cut off and took its steps again", async () => {
    const first = [sample("ppo", 1, "p", "a"), sample("ppo", 6, "p", "b"), sample("ppo", 11, "p", "c")];
    const again = [sample("ppo", 6, "p", "b2"), sample("ppo", 6, "p", "b2"), sample("ppo", 11, "q", "c2")];
    await indexed([...first, ...again], async (ask) => {
      assert.deepEqual(
        (await ask()).rows.map(({ step, prompt, responses: [one] }) => [step, prompt, one?.text]),
        [
          [1, "p", "a"],
          [6, "p", "b2"],
          [11, "q", "c2"],
        ],
      );
    });
  });

  it("keeps apart what one batch says twice to one prompt", async () => {
    await indexed(
      [sample("ppo", 1, "p", "a"), sample("ppo", 1, "p", "b"), sample("salsa", 1, "p", "c")],
      async (ask) => {
        assert.deepEqual(textsOf(await ask()), [
          ["a", "c"],
          ["b", undefined],
        ]);
      },
    );
  });

  it("reads texts that look like its own format", async () => {
    const hard = ',"tokens":[ "logprobs":[1,2] \\ " ]}';
    await indexed([sample("ppo", 1, hard, hard), sample("ppo", 2, "end,", "x")], async (ask, _, rollouts) => {
      const { rows } = await ask();
      assert.deepEqual([rows[0]?.prompt, rows[0]?.responses[0]?.text, rows[1]?.prompt], [hard, hard, "end,"]);
      assert.equal(rows[0]?.responses[0]?.nTokens, hard.split(" ").length);
      assert.deepEqual((await rollouts.tokens(0)).tokens, hard.split(" "));
    });
  });

  it("counts of a field that stands twice the last one, wherever it stands", async () => {
    const line = JSON.stringify(sample("ppo", 1, "p", "a b"));
    const later = [
      line.replace(',"logprobs"', ',"prompt":"q","logprobs"'),
      line.replace(/}$/, ',"prompt":"q"}'),
      line.replace(/}$/, ',"tokens":["a","b"],"step":2}'),
      line.replace('"step":1', '"step":3').replace('["a","b"]', JSON.stringify(['"prompt":"q"', '":'])),
    ];
    await inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, "samples.jsonl"), `${later.join("\n")}\n`);
      const query = { folder, source: { kind: "rollouts" }, offset: 0, limit: 9 } as const;
      const { rows } = await (await new RunRollouts(folder).current()).page(query);
      const found = rows.map(({ step, prompt, responses }) => [step, prompt, responses[0]?.line]);
      assert.deepEqual(found, [
        [1, "q", 1], // the same once more
        [2, "p", 2],
        [3, "p", 3],
      ]);
    });
  });

  it("reads records whose fields another version writes in another order", async () => {
    const { ended, score, ...rest } = sample("ppo", 1, "p", "a b c", { score: 2, ended: false }) as Record<
      string,
      unknown
    >;
    await indexed([{ ...rest, ended, score }], async (ask) => {
      assert.deepEqual((await ask()).rows[0]?.responses, [
        { text: "a b c", ended: false, nTokens: 3, score: 2, line: 0 },
      ]);
    });
  });

  it("finds text in any letters, in prompts and responses of the columns asked for", async () => {
    const records = [
      sample("ppo", 1, "Über uns", "nothing"),
      sample("ppo", 2, "p", "ends in STRASSE (1+1)"),
      sample("salsa", 2, "p", "x"),
    ];
    await indexed(records, async (ask) => {
      assert.deepEqual(textsOf(await ask({ text: "ÜBER" })), [["nothing", undefined]]);
      assert.deepEqual((await ask({ text: "strasse (1+" })).total, 1);
      assert.deepEqual((await ask({ text: "strasse", columns: ["salsa"] })).total, 0);
      assert.deepEqual(
        await ask({ text: "nowhere" }).then(({ total, all, rows }) => [total, all, rows.length]),
        [0, 2, 0],
      );
    });
  });

  it("finds text that JSON writes in another way", async () => {
    const said = 'a "quoted" \\ word,\nanother line';
    await inTemporaryFolder(async (folder) => {
      // As other programs write it.
      const written = JSON.stringify(said);
      const lines = [1, 2].map((step) => JSON.stringify(sample("ppo", step, "p", said)));
      lines.push(lines.pop()?.replace(written, written.replaceAll("o", "\\u006f").replaceAll("a", "\\u0061")) ?? "");
      assert.match(lines[1] ?? "", /\\u0061n\\u006fther/);
      await fs.writeFile(path.join(folder, "samples.jsonl"), `${lines.join("\n")}\n`);
      const search = await new RunRollouts(folder).current();
      const query = { folder, source: { kind: "rollouts" }, offset: 0, limit: 9 } as const;
      for (const text of ['"QUOTED"', "\\ w", "word,\nan", "another", "word"]) {
        assert.equal((await search.page({ ...query, text })).total, 2, text);
      }
      for (const text of ["nanother", "response", "u006f"]) {
        assert.equal((await search.page({ ...query, text })).total, 0, text);
      }
    });
  });

  it("sorts by what a row's scores are, and rows without any last", async () => {
    const scores: [number | null, number | null][] = [
      [1, 4],
      [null, null],
      [3, 3],
      [-2, null],
    ];
    const records = scores.flatMap(([a, b], index) => [
      sample("a", index + 1, "p", `a${index}`, { score: a }),
      sample("b", index + 1, "p", `b${index}`, { score: b }),
    ]);
    await indexed(records, async (ask) => {
      const order = async (by: NonNullable<SampleQuery["order"]>): Promise<(number | undefined)[]> =>
        (await ask({ order: by })).rows.map(({ step }) => step);
      assert.deepEqual(await order("recorded"), [1, 2, 3, 4]);
      assert.deepEqual(await order("lowest"), [4, 1, 3, 2]);
      assert.deepEqual(await order("highest"), [1, 3, 4, 2]);
      assert.deepEqual(await order("spread"), [1, 3, 2, 4]);
    });
  });

  it("puts the newest step first, each as recorded", async () => {
    const records = [1, 1, 6, 6].map((step, at) => sample("ppo", step, `p${at}`, `r${at}`));
    await indexed(records, async (ask) => {
      const { rows } = await ask({ order: "newest" });
      assert.deepEqual(
        rows.map(({ prompt }) => prompt),
        ["p2", "p3", "p0", "p1"],
      );
    });
  });

  it("follows one prompt through the steps, and finds those that were kept at several", async () => {
    const prompts = ["a", "ab", "a", "b", "b"];
    const records = prompts.map((prompt, at) => sample("ppo", at < 2 ? 1 : 6, prompt, `r${at}`));
    await indexed(records, async (ask) => {
      assert.deepEqual(textsOf(await ask({ prompt: "a" })), [["r0"], ["r2"]]);
      // "b" was drawn twice at one step.
      assert.deepEqual(textsOf(await ask({ isRepeated: true })), [["r0"], ["r2"]]);
    });
  });

  it("is empty where there is no file", async () => {
    await inTemporaryFolder(async (folder) => {
      const page = await (
        await new RunRollouts(folder).current()
      ).page({ folder, source: { kind: "rollouts" }, offset: 0, limit: 9 });
      assert.deepEqual(page, { total: 0, all: 0, columns: [], allColumns: [], rows: [] });
    });
  });
});

describe("the order of responses by disagreement", () => {
  it("is that of rollouts, too, whose task knows their quality, and the newest first where it does not", async () => {
    const rollout = (step: number, score: number, gold?: number): object =>
      sample("ppo", step, `p${step}`, "x", { score, ...(gold !== undefined && { gold }) });
    for (const [records, wanted] of [
      [
        [rollout(1, 0, 0), rollout(2, 1, 2), rollout(3, 2, 0)],
        ["p3", "p2", "p1"],
      ],
      [
        [rollout(1, 2, 0), rollout(2, 0, 1), rollout(3, 2, 2)],
        ["p1", "p2", "p3"],
      ],
      [
        [rollout(1, 2), rollout(2, 1)],
        ["p2", "p1"],
      ],
    ] as const) {
      await indexed(records, async (ask) => {
        const page = await ask({ order: "disagreement" });
        assert.deepEqual(
          page.rows.map(({ prompt }) => prompt),
          wanted,
        );
        assert.equal(page.hasGold === true, records.length === 3);
      });
    }
  });

  it("begins where score and gold score differ most, each in its own standard deviations", async () => {
    const [store, texts] = [new SampleStore(), new HeldTexts()];
    // The gold score counts in hundreds, and falls where the reward model is pleased most.
    const answers: readonly (readonly [score: number | null, gold: number | undefined])[] = [
      [0, 0],
      [1, 100],
      [2, 200],
      [3, 0],
      [null, 500],
      [9, undefined],
    ];
    for (const [at, [score, gold]] of answers.entries()) {
      const sample = { prompt: `p${at}`, response: "x", ended: true, nTokens: 1, score, gold };
      texts.put(store, { row: undefined, column: store.columnId("salsa") }, sample);
    }
    const search = new SampleSearch(store, texts);
    const source = { kind: "answers", benchmark: "b" } as const;
    const page = await search.page({ folder: "", source, order: "disagreement", offset: 0, limit: 9 });
    // z of scores: ∓1.34, ∓0.45; of gold: −0.90, 0.30, 1.51, −0.90. By hand: gaps 0.44, 0.75, 1.06, 2.25.
    assert.deepEqual(
      page.rows.map(({ prompt }) => prompt),
      ["p3", "p2", "p1", "p0", "p4", "p5"],
    );
    assert.equal(page.hasGold, true);
  });
});
