import assert from "node:assert/strict";
import { halvedArms, keptAt, parseConfig, rungsOf } from "../../../engine/config/index.ts";
import { describeMistakes } from "./issues.ts";

const GRID = '"arms": { "ppo": {}, "salsa": { "beta": { "grid": [0.1, 0.2, 0.4] } } }';

describe("successive halving in a config", () => {
  it("halves each swept arm by itself, and leaves others alone", () => {
    const grid = (...values: readonly number[]) => ({ beta: { grid: values } });
    const arms = { ppo: {}, a: grid(0.1, 0.2), b: grid(0.1, 0.2, 0.4), one: grid(0.3) };
    const written = { task: { name: "miniinstruct" }, arms, halving: {} };
    const config = parseConfig(JSON.stringify(written), "/x/a.salsa.json");
    assert.deepEqual(config.halving, { rungs: 2 });
    assert.deepEqual(
      [...halvedArms(config).values()].map(({ length }) => length),
      [2, 3],
    );
  });

  it("trains twice as long from rung to rung, and keeps the better half, rounded up", () => {
    assert.deepEqual(rungsOf(100, 2), [25, 50]);
    assert.deepEqual(rungsOf(10, 3), [2, 3, 5]);
    assert.deepEqual(
      [1, 2, 3].map((rung) => keptAt(7, rung)),
      [4, 2, 1],
    );
  });
});

describeMistakes("complaints about successive halving", [
  {
    what: "halving of nothing",
    line: '"halving": {}',
    path: "halving",
    message: /changes nothing: no arm has several combinations/,
    remedy: /"grid"/,
  },
  {
    what: "halving over several base seeds",
    line: `"seeds": [1, 2], "halving": {}, ${GRID}`,
    path: "halving",
    message: /goes by one base seed/,
    remedy: /with others in a config of their own/,
  },
  {
    what: "halving without a validation split",
    line: `"halving": {}, ${GRID}, "evaluation": { "validationPrompts": 0 }`,
    path: "halving",
    message: /validation split, which is empty/,
    remedy: /validationPrompts above 0/,
  },
  {
    what: "more rungs than iterations",
    line: `"halving": { "rungs": 3 }, ${GRID}, "rlhf": { "iterations": 4 }`,
    path: "halving.rungs",
    message: /more rungs than salsa_beta0.1 has iterations for: 4/,
    remedy: /at least 8 iterations/,
  },
  {
    what: "halving of arms by DPO",
    line: `"halving": {}, "arms": { "ppo": {}, "d": { "method": "dpo", "beta": { "grid": [0.1, 0.2] } } }`,
    path: "halving",
    message: /cannot halve d_beta0.1: only arms by PPO/,
    remedy: /method "ppo"/,
  },
  {
    what: "halving of arms with lists of β",
    line: `"halving": {}, "arms": { "ppo": {}, "s": { "beta": [0.1, 0.2], "learningRate": { "grid": [1e-5, 1e-4] } } }`,
    path: "halving",
    message: /which chooses among several β/,
    remedy: /grid of β in place of the list/,
  },
  {
    what: "halving where OpenRLHF trains",
    line: `"halving": {}, ${GRID}, "rlhf": { "klController": "fixed" }, "runtime": { "cluster": { "address": "http://head:8265", "trainer": { "use": "openrlhf" } } }`,
    path: "halving",
    message: /no other trainer can be stopped at a rung/,
    remedy: /"use": \{ "rlhf": "own" \}/,
  },
  {
    what: "halving where OpenRLHF trains policies alone",
    line: `"halving": {}, ${GRID}, "rlhf": { "klController": "fixed" }, "runtime": { "cluster": { "address": "http://head:8265", "trainer": { "use": { "rlhf": "openrlhf" } } } }`,
    path: "halving",
    message: /no other trainer can be stopped at a rung/,
    remedy: /"use": \{ "rlhf": "own" \}/,
  },
]);
