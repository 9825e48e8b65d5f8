import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { fetchPublished } from "../../../engine/data/published.ts";
import type { Fetched } from "../../../engine/data/published.ts";
import type { BenchmarkKind, PublishedFile } from "../../../engine/evaluation/benchmarks/benchmark.ts";
import { BENCHMARKS } from "../../../engine/evaluation/benchmarks/index.ts";
import { DataError } from "../../../engine/protocol/errors.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { type Interference, type LoopbackHub, startHub } from "./hub/loopbackHub.ts";

const QUESTIONS = Array.from({ length: 400 }, (_, id) => `{"question_id":${id},"turns":["a"]}\n`).join("");
const BYTES = Buffer.byteLength(QUESTIONS);
const SHA = createHash("sha256").update(QUESTIONS).digest("hex");
const ON_GITHUB = "/owner/name/0123456/data/question.jsonl";
const COMMIT = "0123456789abcdef0123456789abcdef01234567";

const onGithub: PublishedFile = {
  ...{ file: "in/question.jsonl", site: "github", repository: "owner/name", commit: "0123456" },
  ...{ path: "data/question.jsonl", bytes: BYTES, sha256: SHA },
};
const onHub: PublishedFile = {
  ...{ file: "test.jsonl", site: "hub", repository: "owner/name", commit: COMMIT, path: "data/test.jsonl.gz" },
};

const kindOf = (...files: readonly PublishedFile[]): Pick<BenchmarkKind, "name" | "title" | "published"> => {
  return { name: "sample", title: "Sample", published: { licence: "MIT", config: {}, files } };
};

interface Scene {
  readonly hub: LoopbackHub;
  readonly folder: string;
  readonly get: (files: readonly PublishedFile[], isOffline?: boolean) => Promise<readonly Fetched[]>;
}

/** A server that plays both GitHub and the hub. */
async function withServer(work: (scene: Scene) => Promise<void>, interfere: Interference = () => false): Promise<void> {
  await inTemporaryFolder(async (root) => {
    const hub = await startHub({ "data/test.jsonl.gz": QUESTIONS }, (request, response, index) => {
      if (interfere(request, response, index)) return true;
      if (request.path !== ON_GITHUB) return false;
      const from = Number(/^bytes=(\d+)-$/.exec(request.range ?? "")?.[1] ?? 0);
      if (from > 0) response.writeHead(206, { "content-range": `bytes ${from}-${BYTES - 1}/${BYTES}` });
      response.end(QUESTIONS.slice(from));
      return true;
    });
    const folder = path.join(root, "benchmarks", "sample");
    const get: Scene["get"] = async (files, isOffline = false) => {
      const environment = { endpoint: hub.endpoint, cache: path.join(root, "cache"), isOffline, token: "hf_secret" };
      return fetchPublished(kindOf(...files), { folder, environment, github: hub.endpoint, firstWaitMs: 1 });
    };
    try {
      await work({ hub, folder, get });
    } finally {
      await hub.close();
    }
  });
}

describe("the published files of a benchmark", () => {
  it("come once, with their hashes beside them, and are read offline from then on", () =>
    withServer(async ({ hub, folder, get }) => {
      const files = [onGithub, onHub];
      const first = await get(files);
      assert.deepEqual(
        first.map(({ file, sha256, bytes, isNew }) => [path.relative(folder, file), sha256, bytes, isNew]),
        [
          [path.join("in", "question.jsonl"), SHA, BYTES, true],
          ["test.jsonl", SHA, BYTES, true],
        ],
      );
      for (const { file } of first) assert.equal(await fs.readFile(file, "utf8"), QUESTIONS);
      const nRequests = hub.requests.length;
      assert.deepEqual(
        (await get(files, true)).map(({ isNew }) => isNew),
        [false, false],
      );
      assert.equal(hub.requests.length, nRequests);
      const lock = JSON.parse(await fs.readFile(path.join(folder, "fetched.json"), "utf8")) as object;
      assert.deepEqual(lock, {
        ...{ benchmark: "sample", title: "Sample", licence: "MIT" },
        files: first.map(({ from, sha256, bytes }, at) => ({ file: files[at]?.file, from, sha256, bytes })),
      });
    }));

  it("of GitHub get no token of the hub", () =>
    withServer(async ({ hub, get }) => {
      await get([onGithub, onHub]);
      const tokens = hub.requests.map((one) => [one.path === ON_GITHUB, one.authorization]);
      assert.ok(tokens.every(([isGithub, token]) => token === (isGithub === true ? undefined : "Bearer hf_secret")));
    }));

  it("go on where a download has stopped", async () => {
    const stops: Interference = (request, response, index) => {
      if (request.path !== ON_GITHUB || index > 0) return false;
      response.writeHead(200, { "content-length": String(BYTES) });
      response.write(QUESTIONS.slice(0, 1000), () => response.destroy());
      return true;
    };
    await withServer(async ({ hub, get }) => {
      const [fetched] = await get([onGithub]);
      assert.equal(fetched?.sha256, SHA);
      assert.deepEqual(
        hub.requests.map(({ range }) => range),
        [undefined, "bytes=1000-"],
      );
    }, stops);
  });

  it("are refused with another content than was published, or than the first time", () =>
    withServer(async ({ folder, get }) => {
      const other = { ...onGithub, sha256: "0".repeat(64) };
      await assert.rejects(
        get([other]),
        /has come with another content than was published: SHA-256 .* in place of 0000/,
      );
      assert.deepEqual(await fs.readdir(path.join(folder, "in")), []);
      await get([onHub]);
      await fs.appendFile(path.join(folder, "test.jsonl"), "{}\n");
      await assert.rejects(get([onHub]), /test\.jsonl: is not the published file: its SHA-256 is .*; move it away/);
      await fs.rm(path.join(folder, "test.jsonl"));
      assert.equal((await get([onHub]))[0]?.sha256, SHA);
      await fs.writeFile(path.join(folder, "fetched.json"), '{"files":[{}]}');
      await assert.rejects(get([onHub]), /fetched\.json: is not a list of fetched files/);
    }));

  it("say what to do where they cannot be had", async () => {
    await withServer(async ({ get }) => {
      for (const file of [onGithub, onHub]) await assert.rejects(get([file], true), /HF_HUB_OFFLINE/);
      await assert.rejects(get([{ ...onHub, path: "data/none.parquet" }]), /has no file data\/none\.parquet/);
    });
    const down: Interference = (_, response) => {
      response.writeHead(503).end();
      return true;
    };
    await withServer(async ({ get }) => {
      await assert.rejects(get([onGithub]), (error: unknown) => {
        assert.ok(error instanceof DataError);
        assert.match(
          error.message,
          /^https:\/\/github\.com\/owner\/name\/blob\/0123456\/.*: GitHub answers 503; check the network/,
        );
        return true;
      });
    }, down);
  });

  it("stand at whole commits, with hashes where they are not the hub's", () => {
    const all = (BENCHMARKS as readonly BenchmarkKind[]).flatMap(({ published }) => published?.files ?? []);
    assert.ok(all.length >= 6);
    for (const { commit, site, sha256, bytes = 0 } of all) {
      assert.match(commit, /^[0-9a-f]{40}$/);
      if (site === "github") assert.ok(/^[0-9a-f]{64}$/.test(sha256 ?? "") && bytes > 0);
    }
  });
});
