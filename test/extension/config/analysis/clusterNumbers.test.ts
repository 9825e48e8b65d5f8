import assert from "node:assert/strict";
import { clusterAt, clusterText, numberChoices } from "../../../../extension/config/analysis/clusterNumbers.ts";
import type { ClusterNumber } from "../../../../extension/config/analysis/places.ts";
import { readTree } from "../../../../extension/config/analysis/tree.ts";
import type { ClusterFacts } from "../../../../engine/protocol/clusterFacts.ts";
import { TASK, caret } from "./configs.ts";

const MIXED: ClusterFacts = {
  ...{ address: "http://head:8265", version: "2.60.0", free: { cpus: 100.25, gpus: 3 } },
  machines: [
    { count: 2, cpus: 96, gpus: 8, accelerator: "A100" },
    { count: 1, cpus: 64, gpus: 4 },
    { count: 1, cpus: 128, gpus: 0 },
  ],
};

function offered(setting: ClusterNumber, facts = MIXED, cardsPerNode = 8): readonly string[] {
  return numberChoices(setting, facts, cardsPerNode).map(({ value, detail }) => `${value}: ${detail}`);
}

describe("numbers of a cluster", () => {
  it("are cores for each card of a machine, and all of a machine", () => {
    assert.deepEqual(offered("cpus"), [
      "12: for each card of a machine: 8 cards (A100), 96 CPUs",
      "16: for each card of a machine: 4 cards, 64 CPUs",
      "128: largest machine: 128 CPUs",
      "96: another machine: 8 cards (A100), 96 CPUs",
      "64: another machine: 4 cards, 64 CPUs",
    ]);
  });

  it("are a card, and how many are free, or none", () => {
    assert.deepEqual(offered("gpus"), ["1: 3 of 20 cards free", "0: without a card, of 384 CPUs"]);
    const { free: _, ...unsaid } = MIXED;
    assert.equal(offered("gpus", unsaid)[0], "1: 20 cards");
    const cpuOnly = { ...MIXED, machines: [{ count: 3, cpus: 1, gpus: 0 }] };
    assert.deepEqual(offered("gpus", cpuOnly), ["0: no machine has a card"]);
    assert.deepEqual(offered("cpus", cpuOnly), ["1: largest machine: 1 CPU"]);
  });

  it("are the cards of machines, and the machines that have as many as the config wants of each", () => {
    assert.deepEqual(offered("cardsPerNode"), [
      "8: largest machine: 8 cards (A100), 96 CPUs",
      "4: another machine: 4 cards, 64 CPUs",
    ]);
    assert.deepEqual(offered("nodes"), ["2: machines with at least 8 cards"]);
    assert.deepEqual(offered("nodes", MIXED, 4), ["3: machines with at least 4 cards"]);
    assert.deepEqual(offered("nodes", MIXED, 16), []);
  });

  it("are none that the setting does not take", () => {
    const large = { ...MIXED, machines: [{ count: 1, cpus: 5000, gpus: 100 }] };
    assert.deepEqual(offered("cpus", large), ["50: for each card of a machine: 100 cards, 5000 CPUs"]);
    assert.deepEqual(offered("cardsPerNode", large), []);
    assert.deepEqual(offered("cpus", { ...MIXED, machines: [] }), []);
  });

  it("stand in one line, with when they were seen", () => {
    assert.equal(
      clusterText(MIXED, "2 minutes ago"),
      "Ray 2.60.0: 2 × (8 cards (A100), 96 CPUs), 1 × (4 cards, 64 CPUs), 1 × (128 CPUs). " +
        "Free: 3 of 20 cards, 100.3 of 384 CPUs. Seen 2 minutes ago; SALSA: Connect to Cluster looks again.",
    );
    const many = { ...MIXED, machines: [1, 2, 3, 4, 5, 6].map((cpus) => ({ count: 1, cpus, gpus: 0 })) };
    assert.match(clusterText(many, "now"), /1 × \(5 CPUs\), …\. Free/);
  });
});

describe("clusterAt", () => {
  const at = (cluster: string): string | undefined => {
    const { text, offset } = caret(`{ ${TASK}, "runtime": { "cluster": ${cluster} } }`);
    const found = clusterAt(readTree(text), offset);
    return found && `${text.slice(found.span.start, found.span.end)} of ${found.address}`;
  };

  it("is the cluster's address, and each setting that its machines have numbers for", () => {
    assert.equal(at('{ "address": "http://h|:1" }'), '"http://h:1" of http://h:1');
    assert.equal(at('{ "address": "http://h:1", "gp|us": 1 }'), '"gpus" of http://h:1');
    assert.equal(at('{ "address": "http://h:1", "stages": { "sft": { "cpus": 1|2 } } }'), "12 of http://h:1");
  });

  it("is nothing between settings, at others and without an address", () => {
    assert.equal(at('{ | "address": "http://h:1" }'), undefined);
    assert.equal(at('{ "address": "http://h:1", "shared|Folder": "/s" }'), undefined);
    assert.equal(at('{ "gp|us": 1 }'), undefined);
  });
});
