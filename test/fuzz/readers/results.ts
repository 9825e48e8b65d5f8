import assert from "node:assert/strict";
import { utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { CallStore } from "../../../engine/serving/callStore.ts";
import { CLAIMS } from "../../../engine/evaluation/claims/claims.ts";
import { CLAIMS_FORMS } from "../../../engine/evaluation/claims/forms.ts";
import { voteAgreements } from "../../../engine/evaluation/voteAgreement.ts";
import { readJudgments } from "../../../engine/pipeline/judgmentsFile.ts";
import { votesSection } from "../../../engine/pipeline/report/votes.ts";
import { readSummary } from "../../../engine/pipeline/outcome/summaryFile.ts";
import { MOST_STAGES } from "../../../engine/protocol/limits.ts";
import { LONGEST_NOTE, VOTES } from "../../../engine/protocol/verdicts.ts";
import { parseJsonTable } from "../../../engine/evaluation/tables/json.ts";
import { N_PLACES, withPlaces } from "../../../engine/protocol/palette.ts";
import { armsOf } from "../../../extension/runs/arms.ts";
import { Artifacts } from "../../../engine/storage/artifacts.ts";
import { readPreferences, readPrompts, readSft } from "../../../engine/storage/datasets.ts";
import { claimsFolder, readClaimSeed } from "../../../engine/storage/formats/claimSeed.ts";
import { readAnswers } from "../../../engine/storage/formats/answers.ts";
import { readChoice } from "../../../engine/storage/formats/choice.ts";
import { readComparisons } from "../../../engine/storage/formats/comparisons.ts";
import { readGames } from "../../../engine/storage/formats/games.ts";
import { modelsFile, readModels } from "../../../engine/storage/formats/models.ts";
import { readPairs } from "../../../engine/storage/formats/pairs.ts";
import { readRunnable } from "../../../engine/storage/formats/runDescription.ts";
import { readFigurePoints } from "../../../engine/storage/formats/figurePoints.ts";
import { VoteBook } from "../../../engine/storage/formats/votes.ts";
import { readPalette } from "../../../engine/storage/palette.ts";
import { livingOwner } from "../../../engine/storage/locks.ts";
import { HALVING_FILE, readVerdict } from "../../../engine/storage/formats/halving.ts";
import { collect } from "../../engine/storage/temporaryFolder.ts";
import { type FuzzPlace, type Reader, jsonFiles, jsonLines } from "../reader.ts";
import { FIGURE_POINTS, JUDGMENT, RUN, WIN_RATE } from "./records.ts";

const CALL = {
  key: "0123456789abcdef".repeat(4),
  run: "r",
  price: 0.5,
  reply: { text: "[[A]]", end: "stop", model: "m", promptTokens: 3, completionTokens: 2 },
};
const OURS = ["DataError", "DiskError"];
const answer = { prompt: 0, question: "q", text: "t", ended: true, nTokens: 2, reward: 0.5, gold: 1, category: "math" };
const pair = { prompt: "p", chosen: "a", chosenEnded: true, rejected: "b", rejectedEnded: false };
const comparison = { prompt: "0", seed: 1, outcome: "win", games: ["a", "tie"], lengths: [3, 4] };
const cost = { promptTokens: 10, completionTokens: 2, price: 0.001 };
const game = { pair: 0, game: 1, ruling: { winner: "first", userPrompt: "p", judgment: "[[A]]", cost } };
const ABOUT = { benchmark: "inDistribution", a: "salsa", b: "ppo", seed: 1, index: 0, time: 1_790_000_000_000 };
const VOTE = { kind: "vote", ...ABOUT, vote: "a", judged: "tie", isBlind: true };
const NOTE = { kind: "note", ...ABOUT, note: "neither is right" };
const hash = "0123456789abcdef".repeat(4);
/** SHA-256 of the text "a". */
const SHA_OF_A = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";

const VERDICT = {
  ...{ rung: 1, iterations: 25 },
  arms: [
    { arm: "salsa-1", validationScore: 1.02, goesOn: true },
    { arm: "salsa-2", validationScore: null, goesOn: false },
  ],
};
const version = { size: 2, modified: 1000 };
const ENDED = {
  ...{ events: version, run: version },
  summary: {
    ...{ name: "demo", configFile: "demo.salsa.json", status: "failed", device: "wasm", createdAt: 1, nAlarms: 1 },
    progress: { stage: "ppo", title: "RLHF", step: 1, total: 2, nDone: 1, nStages: 3, fraction: 0.5 },
    alarm: { stage: "ppo", step: 1, name: "negativeKl", message: "m", time: 1 },
    failure: { error: "Error", message: "m", stage: null },
    tables: ["winRates"],
    result: { benchmark: "b", a: "salsa", b: "ppo", adjusted: 60, low: 50, high: 70, n: 4 },
  },
};

const rates = { inDistribution: 55, outOfDistribution: null };
const CLAIM_SEED = {
  key: hash,
  betas: { ppo: [0.1, 0.2, 0.4], salsa: [0.1, 0.2] },
  evidence: {
    seed: 1,
    rewards: { soup: 1, members: [0.5, 0.75] },
    rates: { salsa: rates, moreMembers: rates, multiKl: rates, startAtSoup: rates, otherSft: rates },
    alphas: [
      { alpha: 0.25, rates },
      { alpha: 0.75, rates },
    ],
    moreAgainstTwo: rates,
    smallBeta: { beta: 0.1, ppo: -0.5, salsa: -0.25 },
    betas: [{ arm: "ppo", beta: 0.2, isInside: true, tried: 3 }],
  },
};

/** A reader of one file of a folder. */
function ofFile(
  name: string,
  file: string,
  corpus: readonly Buffer[],
  read: (folder: string) => Promise<unknown>,
  errors: readonly string[] = OURS,
): Reader {
  return {
    name,
    corpus,
    errors,
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      place.write(file, input);
      await read(place.folder);
    },
  };
}

export const RESULTS: readonly Reader[] = [
  ofFile("answers", "answers.jsonl", [jsonLines(answer, { ...answer, prompt: 1, reward: null })], async (folder) => {
    for (const { prompt, nTokens } of await readAnswers(folder)) assert.ok(prompt >= 0 && nTokens >= 0);
  }),
  ofFile(
    "comparisons",
    "comparisons.jsonl",
    [jsonLines(comparison, { prompt: "1", outcome: "dropped" })],
    readComparisons,
  ),
  ofFile("halving", HALVING_FILE, jsonFiles(VERDICT), async (folder) => {
    const verdict = await readVerdict(folder);
    assert.ok(verdict === undefined || verdict.rung >= 1);
  }),
  ofFile("runSummary", "summary.json", jsonFiles(ENDED), async (folder) => {
    for (const name of ["events.jsonl", "run.json"]) {
      writeFileSync(join(folder, name), "{}");
      utimesSync(join(folder, name), 1, 1);
    }
    const { progress } = (await readSummary(folder)) ?? ENDED.summary;
    assert.ok(progress.nStages <= MOST_STAGES && Number.isFinite(progress.fraction));
  }),
  ofFile("figurePoints", "figurePoints.jsonl", [jsonLines(...FIGURE_POINTS)], async (folder) => {
    // Loaded here, since no other reader needs it. Whatever is kept is drawn without an error.
    const { drawMeasured } = await import("../drawMeasured.ts");
    await drawMeasured(await readFigurePoints(folder));
  }),
  ofFile("votes", "votes.jsonl", [jsonLines(VOTE, NOTE, { ...VOTE, vote: null, index: 1 })], async (folder) => {
    const votes = new VoteBook(folder);
    await votes.update();
    for (const { about, vote, note = "" } of votes.all()) {
      assert.ok(about.index >= 0 && note.length <= LONGEST_NOTE);
      assert.ok(vote === undefined || (VOTES as readonly string[]).includes(vote));
      assert.deepEqual(votes.of(about)?.about, about);
    }
    // Whatever is kept is shown without an error.
    const { all } = voteAgreements(votes.all());
    assert.ok(all === undefined || (all.same >= all.low && all.same <= all.high));
    votesSection(votes.all());
  }),
  ofFile("games", "games.jsonl", [jsonLines(game, game)], readGames),
  ofFile("judgments", "judgments.jsonl", [jsonLines(JUDGMENT, { ...JUDGMENT, question_id: "a3f" })], readJudgments),
  ofFile("pairs", "pairs.jsonl", [jsonLines(pair, { ...pair, chosen: "", chosenEnded: false })], async (folder) => {
    for (const { prompt, chosen } of await readPairs(folder)) assert.ok(prompt.length + chosen.length >= 0);
  }),
  ofFile(
    "choice",
    "choice.json",
    jsonFiles({ chosen: 0.1, candidates: [{ beta: 0.1, validationScore: null }] }),
    readChoice,
  ),
  ofFile(
    "models",
    "models.json",
    [
      Buffer.from(modelsFile("/run", [{ product: "sft-1", kind: "sft", seed: 1, folder: "/run/../sft-0" }]).content),
      ...jsonFiles({ base: "../../artifacts/base-0", "seed-2/salsa": "../../artifacts/choice-1" }),
    ],
    async (folder) => {
      for (const model of (await readModels(folder)) ?? []) assert.equal(typeof model.product, "string");
    },
  ),
  {
    name: "claimSeed",
    corpus: jsonFiles(CLAIM_SEED, { ...CLAIM_SEED, betas: {} }),
    errors: OURS,
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      const { mkdirSync } = await import("node:fs");
      mkdirSync(`${place.folder}/claims/c`, { recursive: true });
      place.write("claims/c/seed-1.json", input);
      const kept = await readClaimSeed(place.folder, claimsFolder("c"), 1);
      if (kept === undefined) return;
      for (const one of CLAIMS) assert.equal(one.of([kept.evidence]).length, 1);
      for (const { render } of CLAIMS_FORMS) assert.ok(render([kept.evidence]).length > 0);
    },
  },
  ofFile(
    "palette",
    "palette.json",
    jsonFiles({
      version: 1,
      places: [
        ["ppo", 0],
        ["__proto__", 31],
      ],
    }),
    async (folder) => {
      const palette = withPlaces(await readPalette(folder), [{ name: "salsa", isArm: true }]);
      for (const place of Object.values(palette)) assert.ok(place >= 0 && place < N_PLACES);
    },
  ),
  ofFile("run", "run.json", jsonFiles(RUN), async (folder) => {
    const { config } = await readRunnable(folder);
    for (const { reference, betas } of armsOf(config)) assert.ok(reference.length + betas.length >= 0);
    JSON.stringify(config);
  }),
  {
    name: "calls",
    corpus: [jsonLines(CALL, { ...CALL, key: "ab".repeat(32), reply: { text: "", end: "length" } })],
    errors: OURS,
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      const store = new CallStore(place.folder, { server: "s", model: "m" });
      const { mkdirSync } = await import("node:fs");
      mkdirSync(dirname(store.file), { recursive: true });
      place.write(relative(place.folder, store.file), input);
      const call = await store.find(CALL.key);
      if (call !== undefined) assert.equal(call.key, CALL.key);
      assert.ok((await store.spentBy("r")) >= 0);
    },
  },
  {
    name: "manifest",
    corpus: jsonFiles({ stage: "sft", hash, files: { "a.txt": { bytes: 1, sha256: SHA_OF_A } } }),
    errors: ["CheckpointError", "DiskError"],
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      const artifacts = new Artifacts(place.folder);
      const { mkdirSync } = await import("node:fs");
      mkdirSync(artifacts.path({ stage: "sft", hash }), { recursive: true });
      place.write("artifacts/sft-0123456789abcdef/manifest.json", input);
      place.write("artifacts/sft-0123456789abcdef/a.txt", "a");
      await artifacts.get({ stage: "sft", hash });
    },
  },
  {
    name: "lock",
    corpus: jsonFiles(
      { host: "h", table: "t", pid: 12, started: "3", token: "k", socket: "/tmp/s" },
      { pid: 3, started: "" },
    ),
    errors: OURS,
    read: async (input: Buffer, place: FuzzPlace): Promise<unknown> => livingOwner(place.write("lock", input)),
  },
  {
    name: "winRates",
    corpus: jsonFiles([WIN_RATE, { ...WIN_RATE, seed: 1, p: null }]),
    errors: ["TableError"],
    read: (input: Buffer): void => {
      for (const { wins, n } of parseJsonTable(input.toString())) assert.ok(wins !== Infinity && n !== Infinity);
    },
  },
  {
    name: "datasets",
    corpus: [
      jsonLines(
        { prompt: "a", response: "b" },
        {
          messages: [
            { role: "user", content: "a" },
            { role: "assistant", content: "b" },
          ],
        },
      ),
      jsonLines({ prompt: "a", chosen: "b", rejected: "c", margin: 0.5 }),
      jsonLines({ prompt: "a", category: "math", reference: "b" }),
    ],
    errors: ["DataError"],
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      const file = place.write("data.jsonl", input);
      const ends = await Promise.allSettled(
        [readSft(file), readPreferences(file), readPrompts(file)].map((all) => collect(all as AsyncGenerator)),
      );
      const failures = ends.filter((end) => end.status === "rejected").map(({ reason }) => reason as unknown);
      const foreign = failures.find((error) => (error as Error).name !== "DataError");
      if (failures.length === ends.length || foreign !== undefined) throw foreign ?? failures[0];
    },
  },
];
