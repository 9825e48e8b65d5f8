import assert from "node:assert/strict";
import type { SeenCluster } from "../../../engine/protocol/clusterFacts.ts";
import { rememberCluster, seenCluster } from "../../../extension/config/seenClusters.ts";
import type { Memory } from "../../../extension/runs/selection.ts";

const KEY = "salsa.clusters";
const seen = (address: string, seenAt: number): SeenCluster => ({
  ...{ address, version: "2.60.0", seenAt },
  machines: [{ count: 1, cpus: 8, gpus: 0 }],
});

describe("clusters that a workspace remembers", () => {
  let kept: Map<string, unknown>;
  let memory: Memory;
  beforeEach(() => {
    kept = new Map();
    memory = {
      get: (key) => kept.get(key),
      // As the editor keeps it: as JSON.
      update: (key, value) => Promise.resolve(void kept.set(key, JSON.parse(JSON.stringify(value)))),
    };
  });

  it("are each the last that was seen at its address", async () => {
    await rememberCluster(memory, seen("http://a:1", 1));
    await rememberCluster(memory, seen("http://b:1", 2));
    await rememberCluster(memory, { ...seen("http://a:1", 3), machines: [] });
    assert.deepEqual(seenCluster(memory, "http://a:1"), { ...seen("http://a:1", 3), machines: [] });
    assert.deepEqual(seenCluster(memory, "http://b:1"), seen("http://b:1", 2));
    assert.equal(seenCluster(memory, "http://c:1"), undefined);
    assert.equal((kept.get(KEY) as unknown[]).length, 2);
  });

  it("are twenty, without those seen longest ago", async () => {
    for (let at = 0; at < 25; at++) await rememberCluster(memory, seen(`http://${at}:1`, at));
    assert.equal((kept.get(KEY) as unknown[]).length, 20);
    assert.equal(seenCluster(memory, "http://4:1"), undefined);
    assert.equal(seenCluster(memory, "http://5:1")?.seenAt, 5);
  });

  it("are read without what is kept in another form", () => {
    for (const other of [undefined, "x", { a: 1 }, [null, { address: "http://a:1" }]]) {
      kept.set(KEY, other);
      assert.equal(seenCluster(memory, "http://a:1"), undefined);
    }
    kept.set(KEY, [{ address: "http://b:1" }, seen("http://a:1", 1)]);
    assert.equal(seenCluster(memory, "http://a:1")?.seenAt, 1);
  });
});
