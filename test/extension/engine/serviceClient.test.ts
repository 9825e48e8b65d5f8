import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CancellationTokenSource } from "vscode-jsonrpc";
import type { RunSummary } from "../../../engine/protocol/service.ts";
import { ServiceError } from "../../../extension/engine/errors.ts";
import type { Runtime } from "../../../extension/engine/runtime.ts";
import { ServiceClient } from "../../../extension/engine/serviceClient.ts";
import { DEMO_MS, demoFolder } from "../demoRun.ts";
import { salsaProgram } from "../../program.ts";

const FAULTY = fileURLToPath(new URL("faultyService.ts", import.meta.url));
const ENGINE = salsaProgram();

describe("ServiceClient", () => {
  let folder: string;
  let client: ServiceClient;
  let log: string[];
  let isTrusted = false;
  let problems: (string | null)[];
  let givenUp: ServiceError[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "salsa-client-"));
    [log, problems, givenUp] = [[], [], []];
    isTrusted = false;
  });
  afterEach(async () => {
    client.dispose();
    await rm(folder, { recursive: true });
  });

  function start(runtime: Partial<Runtime>, timeoutMs?: number): ServiceClient {
    client = new ServiceClient({
      client: "test",
      isTrusted: () => isTrusted,
      runtime: () =>
        Promise.resolve({ node: process.execPath, main: FAULTY, env: process.env, isOwnNode: false, ...runtime }),
      onText: (text) => log.push(text),
      onLog: (message) => log.push(message),
      onGiveUp: (error) => givenUp.push(error),
      backoff: [0, 0],
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    client.onDidChangeProblem((problem) => problems.push(problem));
    return client;
  }

  const faulty = (FAULT: string, timeoutMs?: number): ServiceClient =>
    start({ env: { ...process.env, FAULT, JOURNAL: join(folder, "journal") } }, timeoutMs);
  const nStarts = async (): Promise<number> => (await readFile(join(folder, "journal"), "utf8")).split("\n").length - 1;
  const problem = (wanted: (problem: string | null) => boolean): Promise<string | null> =>
    new Promise((resolve) => {
      const listening = client.onDidChangeProblem((told) => {
        if (!wanted(told)) return;
        listening.dispose();
        resolve(told);
      });
    });

  it("starts the engine's service with the first request, and hears of the runs", async function () {
    this.timeout(DEMO_MS);
    start({ main: ENGINE });
    assert.equal(client.pid, undefined);
    const told = new Promise<RunSummary>((resolve) => {
      client.on("runs", ({ changed }) => {
        const demo = changed.find(({ id }) => id === "demo-1");
        if (demo !== undefined) resolve(demo);
      });
    });
    await client.request("setRoots", { roots: [join(demoFolder(), ".salsa")] });
    const demo = await told;
    assert.equal(demo.status, "finished");
    assert.deepEqual(
      (await client.request("listRuns", {})).map(({ id }) => id),
      ["demo-1"],
    );
    const outline = await client.request("outline", { folder: demo.folder });
    assert.ok((outline.series["salsa"]?.["objective/kl"] ?? 0) > 0);
    assert.equal(client.problem, null);
  });

  it("gives a refusal of the service's with the class of its error", async () => {
    start({ main: ENGINE });
    await assert.rejects(client.request("outline", { folder: join(folder, "runs", "none") }), (error: ServiceError) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.kind, "refused");
      assert.match(error.message, /none/);
      assert.notEqual(error.data?.name, undefined);
      return true;
    });
    assert.equal(client.problem, null);
  });

  it("tells the service whether the workspace is trusted as it starts, and when that changes", async () => {
    start({ main: ENGINE });
    const stop = (): Promise<unknown> => client.request("stopRun", { folder: join(folder, "runs", "none") });
    const refusedAs = (name: string) => (error: ServiceError) => error.data?.name === name;
    await client.trust(); // nothing is there to be told
    await assert.rejects(stop(), refusedAs("UntrustedError"));
    await client.trust();
    await assert.rejects(stop(), refusedAs("DataError"));
    isTrusted = true;
    await client.restart();
    await assert.rejects(stop(), refusedAs("DataError"));
  });

  it("ends the service when it is disposed", async () => {
    faulty("mortal");
    await client.request("setRoots", { roots: [] });
    const { pid = 0 } = client;
    client.dispose();
    await ended(pid);
    await assert.rejects(client.request("listRuns", {}), /closing/);
  });

  it("fails what waits when the service dies, says so, and starts another", async () => {
    faulty("mortal");
    const back = problem((told) => told === null);
    const waiting = assert.rejects(client.request("listRuns", {}), (error: ServiceError) => {
      assert.equal(error.kind, "gone");
      assert.match(error.message, /ended unexpectedly \(exit code 7\): RangeError: out of luck/);
      return true;
    });
    await assert.rejects(client.request("stopRun", { folder: "x" }), /out of luck/);
    await waiting;
    await back;
    assert.deepEqual(
      problems.map((told) => told === null),
      [false, true],
    );
    const heard = new Promise((resolve) => client.on("runs", resolve));
    await client.request("setRoots", { roots: ["/a"] });
    assert.deepEqual(await heard, { changed: [], removed: ["/a"] });
    assert.equal(await nStarts(), 2);
  });

  it("stops trying at the third death within a minute, until it is asked to", async () => {
    faulty("mortal");
    for (let death = 1; death <= 3; death++) {
      const back = problem((told) => (death < 3 ? told === null : told !== null));
      await assert.rejects(client.request("stopRun", { folder: "x" }), /out of luck/);
      await back;
    }
    assert.equal(givenUp.length, 1);
    await assert.rejects(client.request("setRoots", { roots: [] }), /out of luck/);
    assert.equal(await nStarts(), 3);
    await client.restart();
    assert.equal(client.problem, null);
    await client.request("setRoots", { roots: [] });
    assert.equal(await nStarts(), 4);
  });

  it("says what a service that ends at once had to say", async () => {
    faulty("early");
    const gone = problem((told) => told !== null);
    await assert.rejects(
      client.request("listRuns", {}),
      /ended as it started \(exit code 3\): TypeError: nothing works$/,
    );
    await gone;
    assert.ok(log.join("").includes("at nowhere:1:1"));
  });

  it("names a full disk", async () => {
    faulty("fullDisk");
    await assert.rejects(client.request("listRuns", {}), /The disk is full\. Free some space/);
  });

  it("gives up on a service of another protocol at once, with both versions", async () => {
    faulty("otherProtocol");
    await assert.rejects(
      client.request("listRuns", {}),
      /version 1 of the engine's protocol, and the engine 2\. Install/,
    );
    assert.equal(givenUp[0]?.kind, "unusable");
    assert.equal(await nStarts(), 1);
  });

  it("gives up on a service that tells of too old a Node", async () => {
    faulty("oldNode");
    await assert.rejects(
      client.request("listRuns", {}),
      /needs Node 24 or newer, and .* is v22\.1\.0\. Install the SALSA/,
    );
    assert.equal(givenUp.length, 1);
  });

  it("does not wait for ever for the first answer", async () => {
    faulty("silent", 300);
    await assert.rejects(client.request("listRuns", {}), /did not answer within 0\.3 s/);
  });

  it("fails on a process that prints what is no message", async () => {
    faulty("chatty");
    await assert.rejects(client.request("listRuns", {}), (error: ServiceError) => error.kind === "gone");
  });

  it("does not wait for an answer that nobody wants any more", async () => {
    faulty("mortal");
    await client.request("setRoots", { roots: [] });
    const source = new CancellationTokenSource();
    const asked = client.request("listRuns", {}, source.token);
    source.cancel();
    await assert.rejects(asked, (error: ServiceError) => error.kind === "cancelled");
    await assert.rejects(
      client.request("listRuns", {}, source.token),
      (error: ServiceError) => error.kind === "cancelled",
    );
    assert.equal(client.problem, null);
  });

  it("passes on why there is no runtime, and tries again when asked", async () => {
    const why = new ServiceError("There is no Node. Get one", "unusable");
    let isThere = false;
    client = new ServiceClient({
      client: "test",
      isTrusted: () => isTrusted,
      runtime: () =>
        isThere
          ? Promise.resolve({ node: process.execPath, main: FAULTY, env: { FAULT: "mortal" }, isOwnNode: false })
          : Promise.reject(why),
      onText: () => undefined,
      onLog: () => undefined,
      onGiveUp: (error) => givenUp.push(error),
    });
    await assert.rejects(client.request("listRuns", {}), why);
    assert.equal(client.problem, why.message);
    assert.deepEqual(givenUp, [why]);
    isThere = true;
    await client.restart();
    assert.equal(client.problem, null);
    await client.request("setRoots", { roots: [] });
  });
});

/** Resolves when no process has that id any more. */
async function ended(pid: number): Promise<void> {
  const { spawn } = await import("node:child_process");
  const watch = `const look = () => { try { process.kill(${pid}, 0); setTimeout(look, 20); } catch {} }; look();`;
  const [code] = (await once(spawn(process.execPath, ["--eval", watch]), "exit")) as [number];
  assert.equal(code, 0);
}
