import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import type { RayClient, RayJob } from "../../engine/cluster/ray/client.ts";
import { JobLogs } from "../../engine/pipeline/cluster/jobLogs.ts";
import { PollTurns } from "../../engine/pipeline/cluster/pollTurns.ts";
import { heldBytes } from "../heldBytes.ts";
import { installRay } from "./install.ts";

/** The cluster of the tests. */
export interface LogTests {
  readonly client: () => RayClient;
  readonly folder: () => string;
  readonly token: string;
}

const LINES = 100_000;
/** 20 MB, of which 8 MiB are kept; then a worker that is killed, as by a system that is out of memory. */
const PROGRAM = `
import os, ray, signal, sys
for at in range(${LINES}): print(f"{at:06d}", "x" * 193)
print("the token is", os.environ["MARK"], flush=True)
ray.init(log_to_driver=False)
@ray.remote
class Learner:
    def learn(self):
        print("the learner's last words", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
ray.get(Learner.remote().learn.remote())
`;

/** Tests of what jobs print. */
export function testLogs({ client, folder, token }: LogTests): void {
  it("follows what a job prints to its end, and has the last words of a worker that was killed", async () => {
    const ray = client();
    const program = path.join(folder(), "prints.py");
    await fs.writeFile(program, PROGRAM);
    const python = path.join(
      installRay(() => undefined),
      "python",
    );
    const about = { package: "", metadata: {}, cpus: 1, gpus: 0 };
    await ray.submit({ id: "it-prints", entrypoint: `${python} ${program}`, env: { MARK: token }, ...about });

    const place = path.join(folder(), "printed");
    const turns = new PollTurns({ root: place, server: ray.server });
    const complaints: string[] = [];
    const logs = new JobLogs({
      cluster: { client: ray, turns },
      folder: path.join(place, "runs", "one"),
      complain: (_, message) => complaints.push(message),
    });
    const log = logs.of({ id: "it-prints", stage: "sft-1", isTrainers: true });
    const before = heldBytes().buffers;
    let most = 0;
    let job: RayJob | undefined;
    while (job?.status !== "FAILED") {
      job = await turns.take(() => ray.job("it-prints"));
      log.see(job);
      most = Math.max(most, heldBytes().buffers - before);
    }
    const file = (await log.failed()) ?? assert.fail([...complaints, job.message].join("\n"));
    // On a busy machine the log comes more slowly than a run waits for it that has ended.
    while (!/^the learner's last words\n|^\[salsa\] nothing more has come/m.test(await endOf(file))) {
      await setTimeout(100);
      most = Math.max(most, heldBytes().buffers - before);
    }
    await logs.close();
    await turns.close();
    ray.close();

    const text = await fs.readFile(file, "utf8");
    assert.deepEqual(complaints, []);
    assert.ok(text.length < 8 * 2 ** 20 && text.length > 4 * 2 ** 20, `${text.length} bytes`);
    assert.ok(most < 24 * 2 ** 20, `${most} bytes were held`);
    const numbers = [...text.matchAll(/^(\d{6}) x+$/gm)].map(([, number]) => Number(number));
    const [first = 0] = numbers;
    assert.deepEqual(
      numbers,
      Array.from({ length: LINES - first }, (_, at) => first + at),
    );
    const [, left = ""] = /^\[salsa\] (\d+) lines, \d+ bytes, are left out here\n/.exec(text) ?? [];
    // Ray's own lines, and ours, are in front of them.
    assert.ok(Number(left) > first && Number(left) < first + 10, `${left} lines are left out before ${first}`);
    assert.match(text, /the token is \[key\]\n/);
    assert.ok(!text.includes(token));
    assert.match(text, /\[salsa\] the worker Learner has died: [^]*\nthe learner's last words\n/);
    assert.doesNotMatch(text, /nothing more has come|sends no more|has sent the log so far/);
  });
}

/** The last bytes of a file. */
async function endOf(file: string): Promise<string> {
  const handle = await fs.open(file);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read({ position: Math.max(0, size - 2000), length: 2000 });
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
