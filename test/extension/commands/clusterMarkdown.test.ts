import assert from "node:assert/strict";
import { clusterMarkdown } from "../../../extension/commands/clusterMarkdown.ts";

const RAY = { name: "Ray", state: "ok", detail: "2.60.0 at http://head:8265" } as const;

describe("the page about a config's cluster", () => {
  it("begins with what is missing, and what to do about it", () => {
    const machines = { name: "machines", state: "missing", detail: "no card", remedy: "set gpus to 0" } as const;
    const text = clusterMarkdown([RAY, machines], "a_b.salsa.json");
    assert.match(text, /^# Cluster of `a_b\.salsa\.json`\n\n\*\*Runs cannot use this cluster yet\.\*\*/);
    assert.ok(text.indexOf("no card") < text.indexOf("2.60.0"));
    assert.match(text, /set gpus to 0/);
  });

  it("says that all is well, or that nobody there had time", () => {
    assert.match(clusterMarkdown([RAY], "a"), /\*\*Runs of this config can use this cluster\.\*\*/);
    const worker = { name: "worker", state: "optional", detail: "a job waits", remedy: "try again later" } as const;
    assert.match(clusterMarkdown([RAY, worker], "a"), /\*\*The cluster answers, and is busy/);
  });
});
