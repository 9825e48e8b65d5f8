import assert from "node:assert/strict";
import { lastWords } from "../../../../engine/pipeline/cluster/cluster.ts";
import { endIn, waitReason } from "../../../../engine/pipeline/executors/trainer.ts";

/** A job's output as Ray quotes it. */
const TRACEBACK = `Job entrypoint command failed with exit code 1, last available logs (truncated to 20,000 chars):
Traceback (most recent call last):
  File "train_sft.py", line 12, in <module>
    run()
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
2026-11-29 10:00:00,000 INFO -- shutting down`;

describe("why a job of OpenRLHF waits for its cards", () => {
  const use = (total: number, free: number): Parameters<typeof waitReason>[1] => ({
    total: { cpus: 64, gpus: total },
    free: { cpus: 64, gpus: free },
  });

  it("is that they are taken, or that the cluster has not as many, and then what to do", () => {
    assert.equal(waitReason(8, use(16, 8)), undefined);
    assert.equal(waitReason(8, use(16, 4)), "needs 8 cards, free: 4");
    assert.equal(
      waitReason(8, use(4, 4)),
      "needs 8 cards, and the cluster has 4; add machines, or lower runtime.cluster.trainer.nodes or cardsPerNode",
    );
  });
});

describe("the end of a job of OpenRLHF", () => {
  it("is none while it waits or works", () => {
    assert.equal(endIn({ status: "PENDING", message: "" }), undefined);
    assert.equal(endIn({ status: "RUNNING", message: "" }), undefined);
  });

  it("is the training's own fault where its program ended by itself, with the line that says most", () => {
    assert.deepEqual(endIn({ status: "SUCCEEDED", message: "" }), { how: "finished" });
    const reason = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.";
    assert.deepEqual(endIn({ status: "FAILED", message: TRACEBACK, exitCode: 1 }), { how: "failed", reason });
    const ours = `${TRACEBACK}\nsalsa: OpenRLHF 0.12.0 is installed here; install 0.11.2\nbye`;
    assert.deepEqual(endIn({ status: "FAILED", message: ours, exitCode: 3 }), {
      how: "failed",
      reason: "OpenRLHF 0.12.0 is installed here; install 0.11.2",
    });
    assert.equal(endIn({ status: "STOPPED", message: "" })?.how, "failed");
    const setup = "runtime_env setup failed: no such image";
    assert.deepEqual(endIn({ status: "FAILED", message: setup }), { how: "failed", reason: setup });
  });

  it("is a loss where the program, or its machine, was killed, or never began", () => {
    const lost = [
      { message: "Killed", exitCode: 137 },
      { message: "Killed", exitCode: -9 },
      { message: "The node that it ran on died." },
      { message: "Job supervisor actor could not be scheduled: ActorDiedError" },
      { message: "Job supervisor actor failed to start within 900.0 seconds." },
    ];
    for (const one of lost) assert.equal(endIn({ status: "FAILED", ...one })?.how, "lost", one.message);
  });

  it("has its last line where none says more", () => {
    assert.deepEqual(lastWords("a\nb\n"), { text: "b", isOurs: false });
  });
});
