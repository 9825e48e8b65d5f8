import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse as parseJson } from "jsonc-parser";
import { parseConfig } from "../../../../engine/config/index.ts";
import type { RunConfig } from "../../../../engine/config/index.ts";
import { findRoles } from "../../../../engine/pipeline/claims/roles.ts";
import { claimsConfig, writtenBetas } from "../../../../engine/pipeline/claims/seedConfig.ts";

const FILE = new URL("../../../../examples/miniinstruct/claims.salsa.json", import.meta.url);
const CLAIMS = parseConfig(readFileSync(FILE, "utf8"), "/c/claims.salsa.json");

function complaintsOf(config: RunConfig): readonly string[] {
  const found = findRoles(config);
  return "roles" in found ? [] : found.complaints.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

function without(...names: readonly string[]): RunConfig {
  const arms = Object.entries(CLAIMS.arms).filter(([name]) => !names.includes(name));
  return { ...CLAIMS, arms: Object.fromEntries(arms) };
}

function withArm(name: string, own: object): RunConfig {
  const arm = CLAIMS.arms[name] ?? CLAIMS.arms["ppo"];
  assert(arm !== undefined);
  return { ...CLAIMS, arms: { ...CLAIMS.arms, [name]: { ...arm, ...own } } };
}

const ROLES = {
  start: "sft-1",
  ppo: "ppo",
  contenders: {
    salsa: "salsa",
    moreMembers: "salsa-3",
    multiKl: "mkl",
    startAtSoup: "start-at-soup",
    otherSft: "other-sft",
  },
  alphas: [
    { arm: "alpha-25", alpha: 0.25 },
    { arm: "alpha-75", alpha: 0.75 },
  ],
  soup: "soup",
  members: ["sft-1", "sft-2"],
  smallestBeta: 0.05,
};

describe("the parts of a config in the claims", () => {
  it("are those of the example", () => {
    assert.deepEqual(findRoles(CLAIMS), { roles: ROLES });
  });

  it("are those of one recipe: grids of what arms are made of are refused by name", () => {
    const values = { "sft.epochs": 2, beta: 0.1 };
    const sweep = { "sft-1_sft.epochs2": { of: "sft-1", values }, ppo: { of: "p", values } };
    assert.deepEqual(complaintsOf({ ...CLAIMS, sweep }), [
      "sft.epochs: is a grid, and the claims are about arms of the same SFTs and reward model",
    ]);
    assert.ok("roles" in findRoles({ ...CLAIMS, sweep: { ppo: { of: "p", values: { beta: 0.1 } } } }));
  });

  it("are found whatever they are called, and in any order", () => {
    const renamed = Object.entries(CLAIMS.arms).map(([name, arm]) => [`my-${name}`, arm] as const);
    const found = findRoles({ ...CLAIMS, arms: Object.fromEntries(renamed.reverse()) });
    assert("roles" in found);
    assert.equal(found.roles.contenders.salsa, "my-salsa");
    assert.deepEqual(
      found.roles.alphas,
      ROLES.alphas.map(({ arm, alpha }) => ({ arm: `my-${arm}`, alpha })),
    );
  });

  for (const [name, what] of [
    ["ppo", /an arm for PPO/],
    ["salsa", /an arm for SALSA, held to the mean/],
    ["salsa-3", /an arm for SALSA with three/],
    ["mkl", /an arm for multi-KL/],
    ["start-at-soup", /the policy started at the soup/],
    ["other-sft", /the other SFT as reference/],
    ["alpha-25", /α below 0\.5/],
    ["alpha-75", /α above 0\.5/],
  ] as const) {
    it(`name ${name} where it is missing`, () => {
      assert.match(complaintsOf(without(name)).join("\n"), what);
    });
  }

  it("give an arm and the soup that it needs, by which nothing is missing any more", () => {
    const written = parseJson(readFileSync(FILE, "utf8")) as Record<"arms" | "soups", Record<string, unknown>>;
    for (const [arm, soup] of [
      ["salsa-3", "soup3"],
      ["alpha-25", "soup25"],
      ["alpha-75", "soup75"],
    ] as const) {
      const { [arm]: _, ...arms } = written.arms;
      const { [soup]: __, ...soups } = written.soups;
      const lacking = findRoles(parseConfig(JSON.stringify({ ...written, arms, soups }), "/c/claims.salsa.json"));
      const [remedy = ""] = "roles" in lacking ? [] : lacking.complaints.map((one) => one.remedy);
      const [, own = "", ofSoup = ""] = /^add one such as (.*), and to soups (.*)$/.exec(remedy) ?? [];
      const mended = {
        ...written,
        arms: { ...arms, ...(JSON.parse(`{${own}}`) as object) },
        soups: { ...soups, ...(JSON.parse(`{${ofSoup}}`) as object) },
      };
      assert.deepEqual(complaintsOf(parseConfig(JSON.stringify(mended), "/c/claims.salsa.json")), []);
    }
  });

  it("do not take an ensemble of references for multi-KL", () => {
    assert.match(complaintsOf(withArm("mkl", { referenceMix: "logSpace" })).join(), /an arm for multi-KL/);
  });

  it("are all named at once where several are missing", () => {
    assert.equal(complaintsOf(without("mkl", "alpha-25", "salsa-3")).length, 3);
  });

  it("need both benchmarks", () => {
    const evaluation = { ...CLAIMS.evaluation, benchmarks: ["inDistribution"] };
    assert.deepEqual(complaintsOf({ ...CLAIMS, evaluation }), [
      "evaluation: the claims need the benchmark outOfDistribution",
    ]);
  });

  it("need several β for every arm", () => {
    assert.deepEqual(complaintsOf(withArm("mkl", { betas: [0.2] })), ["arms.mkl: the claims need several β for it"]);
  });

  it("may differ in nothing but start, reference and β", () => {
    assert.deepEqual(complaintsOf(withArm("salsa", { learningRate: 1e-4 })), [
      "arms.salsa: differs from ppo in learningRate, too",
    ]);
  });

  it("need a β that PPO and SALSA share", () => {
    assert.deepEqual(complaintsOf(withArm("salsa", { betas: [0.3, 0.6] })), ["arms.salsa: has no β that PPO has, too"]);
  });
});

describe("the run of a base seed's claims", () => {
  const found = findRoles(CLAIMS);
  assert("roles" in found);
  const { roles } = found;

  it("has the arms that play a part and the pairs that are compared, and nothing else", () => {
    const extra = withArm("extra", {});
    const config = claimsConfig(
      { ...extra, soups: { ...CLAIMS.soups, unused: { method: "uniform", of: ["sft-1", "sft-2"] } } },
      { roles, betas: writtenBetas(CLAIMS, roles), seeds: [3] },
    );
    assert.equal(config.name, "claims-seed-3");
    assert.deepEqual(config.seeds, [3]);
    assert.deepEqual(config.arms, CLAIMS.arms);
    assert.deepEqual(config.soups, CLAIMS.soups);
    assert.deepEqual(config.evaluation.pairs, [
      ...["salsa", "salsa-3", "mkl", "start-at-soup", "other-sft", "alpha-25", "alpha-75"].map((name) => [name, "ppo"]),
      ["salsa-3", "salsa"],
    ]);
  });

  it("asks no models behind servers", () => {
    const evaluation = {
      ...CLAIMS.evaluation,
      contestants: { other: { model: "m", baseUrl: "http://127.0.0.1:1/v1" } },
    };
    const asked = { ...CLAIMS, evaluation: evaluation as unknown as RunConfig["evaluation"] };
    assert.equal(claimsConfig(asked, { roles, betas: {}, seeds: [3] }).evaluation.contestants, undefined);
  });

  it("has a share of the budget", () => {
    const evaluation = { ...CLAIMS.evaluation, budget: 20 };
    const config = claimsConfig({ ...CLAIMS, evaluation }, { roles, betas: {}, seeds: [3] });
    assert.equal(config.evaluation.budget, 2);
  });
});
