import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { OPENRLHF_FLAGS } from "../../../../engine/cluster/openrlhf/flags.ts";
import { openRlhf } from "../../../../engine/cluster/openrlhf/index.ts";
import { pathsOf } from "../../../../engine/cluster/openrlhf/job.ts";
import { WRAPPER, WRAPPER_FILE } from "../../../../engine/cluster/openrlhf/wrapper.ts";
import { argvOf } from "../../../../engine/cluster/trainer/flagTable.ts";
import { type JobOrder, namedIn } from "../../../../engine/cluster/trainer/job.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { type PythonWith, neededBy, pythonWithWheel } from "../trainer/wheel.ts";

const MODELS = { model: "/m/sft-1", reward: "/m/rm" };
const JOB: JobOrder = {
  ...namedIn(openRlhf),
  module: OPENRLHF_FLAGS.programs.ppo,
  argv: argvOf(OPENRLHF_FLAGS, "ppo", { ...MODELS, beta: 0.01, samplers: 8, stepSize: 8 }),
  ...{ cards: 8, asksRay: true },
  paths: pathsOf({ start: MODELS.model, reward: MODELS.reward, reference: "/m/soup" }),
};

interface Recorded {
  readonly status: number | null;
  readonly calls: readonly (readonly [actor: string, method: string, texts: readonly string[]])[];
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the wrapper over OpenRLHF's own program, and notes the methods of actors that it calls. */
async function record({ program, env }: PythonWith, job: JobOrder, change = ""): Promise<Recorded> {
  return inTemporaryFolder(async (folder) => {
    const [wrapper, file] = [path.join(folder, WRAPPER_FILE), path.join(folder, "job.json")];
    await fs.writeFile(wrapper, WRAPPER);
    await fs.writeFile(file, JSON.stringify(job));
    const script = fileURLToPath(new URL("record.py", import.meta.url));
    const [status, stdout, stderr] = await new Promise<readonly [number | null, string, string]>((resolve) => {
      const child = execFile(program, [script, wrapper, file, change], { env }, (_error, out, err) =>
        resolve([child.exitCode, out, err]),
      );
    });
    const calls = /^CALLS (.*)$/m.exec(stdout)?.[1] ?? "[]";
    return { status, calls: JSON.parse(calls) as Recorded["calls"], stdout, stderr };
  });
}

/** Paths that each group of models is loaded from. */
function loaded({ calls }: Recorded): Readonly<Record<string, readonly string[]>> {
  const loads = calls.filter(([, method]) => method === "init_model_from_pretrained");
  const byGroup = Map.groupBy(loads, ([actor]) => actor);
  return Object.fromEntries(
    [...byGroup].map(([actor, all]) => [actor, [...new Set(all.flatMap(([, , texts]) => texts))]]),
  );
}

const begins = ({ calls }: Recorded): boolean => calls.some(([, method]) => method === "fit");

describe("the wrapper of OpenRLHF's PPO", () => {
  let python: PythonWith;
  before(function () {
    python = neededBy(this, () => pythonWithWheel("openrlhf"));
  });

  it("puts the soup into the reference, and nowhere else", async () => {
    const found = await record(python, JOB);
    assert.equal(found.status, 0, found.stderr);
    assert.deepEqual(loaded(found), {
      PolicyModelActor: ["/m/sft-1"],
      ReferenceModelActor: ["/m/soup"],
      RewardModelActor: ["/m/rm"],
      CriticModelActor: ["/m/rm"],
    });
    assert.ok(begins(found));
    assert.match(found.stdout, /^salsa: ReferenceModelActor loads \/m\/soup$/m);
    // All cards of each group.
    assert.equal(found.calls.filter(([, method]) => method === "init_model_from_pretrained").length, 4 * 8);
  });

  it("gives the reference its start where that is what holds it", () => {
    const paths = pathsOf({ start: MODELS.model, reward: MODELS.reward, reference: "/m/sft-1" });
    assert.deepEqual(paths["ReferenceModelActor"], { given: "/m/sft-1", loaded: "/m/sft-1" });
  });

  it("fails where OpenRLHF has changed, before anything is trained as far as that shows", async () => {
    const { paths = {} } = JOB;
    const other = { ...paths, RewardModelActor: { given: "/m/other", loaded: "/m/other" } };
    const cases: readonly (readonly [job: JobOrder, change: string, says: RegExp])[] = [
      [
        JOB,
        "signature",
        /async_init_model_from_pretrained takes \(self, strategy, path, .*\), not \(self, \*args, \*\*kwargs\)/,
      ],
      [JOB, "renamed", /has no RayActorGroup\.async_init_model_from_pretrained any more/],
      [JOB, "unknown group", /has the groups \['CriticModelActor', 'PolicyModelActor', 'ReferenceModelActor'\]/],
      [
        { ...JOB, release: "0.12.0" },
        "",
        /OpenRLHF 0\.11\.2 is installed here, and SALSA's tables are made for 0\.12\.0/,
      ],
      [{ ...JOB, paths: other }, "", /loads RewardModelActor from .*, where SALSA expects '\/m\/other'/],
      // β = 0, which is refused long before: no reference is built.
      [
        { ...JOB, argv: JOB.argv.map((word) => (word === "0.01" ? "0" : word)) },
        "",
        /has loaded \['PolicyModelActor', 'RewardModelActor', 'CriticModelActor'\]/,
      ],
      // A trainer that loads models in another way is found out at the end.
      [JOB, "other class", /OpenRLHF has loaded \[\], where SALSA expects/],
    ];
    const all = await Promise.all(cases.map(([job, change]) => record(python, job, change)));
    for (const [at, [, change, says]] of cases.entries()) {
      const { status, stdout, stderr } = all[at] ?? assert.fail();
      assert.equal(status, 3, `${change}: ${stdout}${stderr}`);
      assert.match(stderr, says);
      assert.equal(begins(all[at] ?? assert.fail()), change === "other class", change);
    }
  });
});
