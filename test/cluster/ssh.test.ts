import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { readModels } from "../../engine/storage/formats/models.ts";
import { runOwner } from "../../engine/storage/runFolder.ts";
import { ownData } from "../engine/pipeline/ownData.ts";
import { runTiny, tableFiles, tiny } from "../engine/pipeline/tinyRun.ts";
import { DEMO_MS } from "../extension/demoRun.ts";
import { bundleDist, salsaProgram } from "../program.ts";
import { LACK, Sshd } from "./sshd.ts";

/** An arm that takes some seconds, so that there is time to break what follows it. */
const LONG = tiny({ name: "long", rlhf: { iterations: 60 }, evaluation: { pairs: [["salsa", "ppo"]] } });

describe("a run on a host, by ssh", function () {
  this.timeout(DEMO_MS);
  let sshd: Sshd | undefined;
  let folder = "";

  before(async function () {
    const lack = process.platform === "linux" ? LACK : "which takes the program from Linux alone";
    if (lack !== undefined) {
      process.stdout.write(`*** NOT TESTED: runs on a host by ssh, ${lack}\n`);
      if (process.env["CI"] !== undefined) throw new Error(lack);
      return this.skip();
    }
    folder = await fs.mkdtemp(path.join(tmpdir(), "salsa-host-"));
    bundleDist();
    sshd = await Sshd.start();
  });

  after(async () => {
    if (folder === "") return;
    for (const id of await fs.readdir(path.join(folder, ".salsa/runs")).catch(() => [])) {
      const owner = await runOwner(run(id));
      if (owner !== undefined) process.kill(owner.pid, "SIGKILL"); // of a test that has failed
    }
    await sshd?.stop();
    await fs.rm(folder, { recursive: true, force: true });
  });

  it("gives the tables of a run on this machine, byte for byte, and copies nothing twice", async () => {
    const small = tiny({ name: "small", evaluation: { pairs: [["salsa", "ppo"]] } });
    const config = await written("small", small);
    const expected = await runTiny(small, await made("small"));

    const first = await salsa("run", config, "--host", "desk");

    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /desk: sending the program, [\d.]+ MiB, once/);
    assert.deepEqual(await tableFiles(run("small-1")), await tableFiles(expected.folder));
    for (const file of ["samples.jsonl", "judgments.jsonl"]) {
      assert.equal(
        await fs.readFile(path.join(run("small-1"), file), "utf8"),
        await fs.readFile(path.join(expected.folder, file), "utf8"),
      );
    }
    const report = await salsa("report", run("small-1"));
    assert.equal(report.code, 0, report.stderr);

    const before = await filesBelow(sshd?.home ?? "");
    const second = await salsa("run", config, "--host", "desk");
    assert.equal(second.code, 0, second.stderr);
    assert.doesNotMatch(second.stderr, /sending|sent there/);
    const added = (await filesBelow(sshd?.home ?? "")).filter((file) => !before.includes(file));
    assert.deepEqual(
      added.filter((file) => !file.startsWith(".salsa/runs/")),
      [],
    );
  });

  it("goes on while the connection breaks and nobody follows it, and is followed from where it was left", async () => {
    const config = await written("long", LONG);
    const expected = await runTiny(LONG, await made("long"));
    const { pid } = JSON.parse((await salsa("run", config, "--host", "desk", "--detach", "--json")).stdout) as Started;

    await events("long-1", (event) => event.kind === "progress" && event.stage === "ppo" && event.step > 5);
    const clients = sshd?.clients() ?? [];
    assert.equal(clients.length, 1);
    for (const client of clients) process.kill(client, "SIGKILL");
    const [lost] = await events("long-1", ({ message }) => message?.includes("the connection is lost") === true);
    await events("long-1", ({ kind, time }) => kind === "metrics" && time > (lost?.time ?? 0));
    process.kill(pid, "SIGKILL");
    for (const client of sshd?.clients() ?? []) process.kill(client, "SIGKILL");
    const attached = await salsa("attach", run("long-1"));

    assert.equal(attached.code, 0, attached.stderr);
    assert.deepEqual(await tableFiles(run("long-1")), await tableFiles(expected.folder));
    const here = await logged(run("long-1"));
    assert.deepEqual(
      here.map(({ sequence }) => sequence),
      here.map((_, index) => index),
    );
    const [there = ""] = (await fs.readdir(path.join(sshd?.root ?? "", "runs"))).filter((id) =>
      id.startsWith("long-1-"),
    );
    const metrics = (all: readonly Logged[]): unknown =>
      all.filter(({ kind }) => kind === "metrics").map(({ values }) => values);
    assert.deepEqual(metrics(here), metrics(await logged(path.join(sshd?.root ?? "", "runs", there))));
    const samples = (at: string): Promise<string> => fs.readFile(path.join(at, "samples.jsonl"), "utf8");
    assert.equal(await samples(run("long-1")), await samples(path.join(sshd?.root ?? "", "runs", there)));
  });

  it("stops there gracefully and goes on from there, on results of this machine, and has its checkpoints fetched", async () => {
    const brief = tiny({ name: "stopped", sft: { steps: 7 }, rlhf: { iterations: 1 } });
    assert.equal((await salsa("run", await written("stopped", brief))).code, 0);
    const config = await written(
      "stopped",
      tiny({ ...LONG, name: "stopped", sft: { steps: 7 }, rlhf: { iterations: 120 } }),
    );
    const { pid } = JSON.parse((await salsa("run", config, "--host", "desk", "--detach", "--json")).stdout) as Started;
    await events("stopped-2", (event) => event.kind === "progress" && event.stage === "ppo" && event.step > 5);

    process.kill(pid, "SIGKILL"); // nobody follows it any more
    const stopped = await salsa("stop", run("stopped-2"));

    assert.equal(stopped.code, 0, stopped.stderr);
    assert.match(stopped.stdout, /^Stopped stopped-2 and saved/);
    const began = await logged(run("stopped-2"));
    assert.equal(began.find(({ kind, stage }) => kind === "stageStarted" && stage === "sft-1")?.cached, true);
    const resumed = await salsa("resume", run("stopped-2"));
    assert.equal(resumed.code, 0, resumed.stderr);
    const after = (await logged(run("stopped-2"))).slice(began.length);
    // The arm at work when the stop came there.
    const arm = began.findLast(({ kind }) => kind === "progress")?.stage;
    const steps = after.filter(({ kind, stage }) => kind === "progress" && stage === arm).map(({ step }) => step);
    assert.ok((steps[0] ?? 0) > 1, `goes on at step ${steps[0] ?? "none"}`);

    const weights = async (): Promise<readonly string[]> =>
      (await filesBelow(path.join(folder, ".salsa/artifacts"))).filter((file) => /^rlhf-.*safetensors$/.test(file));
    const before = await weights();
    const pulled = await salsa("pull", run("stopped-2"), "ppo");
    assert.equal(pulled.code, 0, pulled.stderr);
    assert.equal((await weights()).length, before.length + 1);
    assert.equal((await salsa("pull", run("stopped-2"), "ppo")).stdout, "Everything is here already\n");
    assert.equal((await salsa("verify", "--all", "--directory", path.join(folder, ".salsa"))).code, 0);
  });

  it("takes along a checkpoint, data and test prompts, whose results have the names and bytes of this machine", async () => {
    const data = await ownData(folder);
    await fs.mkdir(path.join(folder, "parts"));
    const lines = (await fs.readFile(path.join(folder, "sft.jsonl"), "utf8")).trimEnd().split("\n");
    await fs.writeFile(path.join(folder, "parts/a.jsonl"), `${lines.slice(0, 30).join("\n")}\n`);
    await fs.writeFile(path.join(folder, "parts/b.jsonl"), `${lines.slice(30).join("\n")}\n`);
    await fs.writeFile(path.join(folder, "salsa.prompts.jsonl"), '{"prompt":"reverse: red blue."}\n');
    const sources = { ...(data["data"] as object), sft: { from: "parts/*.jsonl" } };
    const config = await written("own", { ...data, name: "own", data: sources });
    try {
      const there = await salsa("run", config, "--host", "desk");
      assert.equal(there.code, 0, there.stderr);
      const here = await salsa("run", config, "--directory", path.join(folder, "here"));
      assert.equal(here.code, 0, here.stderr);
    } finally {
      await fs.rm(path.join(folder, "salsa.prompts.jsonl"));
    }
    const expected = path.join(folder, "here/runs/own-1");
    assert.deepEqual(await tableFiles(run("own-1")), await tableFiles(expected));
    const keys = async (at: string): Promise<unknown> =>
      Object.fromEntries(
        (await logged(at)).flatMap(({ kind, stage, key }) => (kind === "stageStarted" ? [[stage, key]] : [])),
      );
    assert.deepEqual(await keys(run("own-1")), await keys(expected));
    const base = (await readModels(run("own-1")))?.find(({ product }) => product === "base");
    assert.equal(base?.folder, path.join(folder, "base"));
    const answers = (await filesBelow(path.join(folder, ".salsa/artifacts"))).filter((file) =>
      file.startsWith("answers-"),
    );
    assert.ok(answers.length > 0, "what holds no weights comes back by itself");
  });

  const refusals: readonly [what: string, host: string, message: RegExp][] = [
    ["a host without our key", "keyless", /takes no key that ssh has, .* ssh-copy-id keyless/],
    [
      "a host whose key is not trusted",
      "stranger",
      /its key is not trusted yet; connect once in a terminal .*: ssh stranger/,
    ],
    [
      "a host that nobody knows",
      "no-such-host.invalid",
      /ssh knows no such host; correct the name, or add a Host entry/,
    ],
    [
      "a host that does not answer",
      "gone",
      /the connection does not come about .*; does this work in a terminal\? ssh gone/,
    ],
    [
      "a host whose clock is an hour behind",
      "behind",
      /behind: has another time, 60 min behind; set both clocks by NTP/,
    ],
    [
      "an option in place of a host",
      "-oProxyCommand=touch /tmp/never",
      /must be a name of ~\/.ssh\/config, or user@machine/,
    ],
  ];
  for (const [what, host, message] of refusals) {
    it(`refuses ${what}, with the remedy`, async () => {
      const refused = await salsa("run", await written("refused", LONG), `--host=${host}`);
      assert.match(refused.stderr, message);
      assert.notEqual(refused.code, 0);
    });
  }

  /** A folder for the same run on this machine. */
  async function made(name: string): Promise<string> {
    const local = path.join(folder, `local-${name}`);
    await fs.mkdir(local);
    return local;
  }

  async function written(name: string, config: unknown): Promise<string> {
    const file = path.join(folder, `${name}.salsa.json`);
    await fs.writeFile(file, JSON.stringify(config));
    return file;
  }

  /** Events of a run so far, once one is there that is wanted: those that are. */
  async function events(id: string, isWanted: (event: Logged) => boolean): Promise<readonly Logged[]> {
    for (;;) {
      const found = (await logged(run(id))).filter(isWanted);
      if (found.length > 0) return found;
      await setTimeout(50);
    }
  }

  /** A run's folder on this machine. */
  const run = (id: string): string => path.join(folder, ".salsa/runs", id);

  async function salsa(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [salsaProgram(), ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const text = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, ...text };
  }
});

interface Started {
  readonly pid: number;
}

/** A line of a log. */
interface Logged {
  readonly kind: string;
  readonly time: number;
  readonly sequence: number;
  readonly step: number;
  readonly stage?: string;
  readonly message?: string;
  readonly cached?: boolean;
  readonly key?: string;
  readonly values?: unknown;
}

async function logged(runFolder: string): Promise<readonly Logged[]> {
  const text = await fs.readFile(path.join(runFolder, "events.jsonl"), "utf8").catch(() => "");
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Logged);
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}
