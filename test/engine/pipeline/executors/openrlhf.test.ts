import assert from "node:assert/strict";
import { lastWords } from "../../../../engine/pipeline/cluster/cluster.ts";
import { endIn } from "../../../../engine/pipeline/executors/openrlhf.ts";

/** A job's output as Ray quotes it. */
const TRACEBACK = `Job entrypoint command failed with exit code 1, last available logs (truncated to 20,000 chars):
Traceback (most recent call last):
  File "train_sft.py", line 12, in <module>
    run()
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
2026-11-29 10:00:00,000 INFO -- shutting down`;

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
