import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { missingShard } from "../../../../engine/data/hub/cache.ts";
import { hubEnvironment } from "../../../../engine/data/hub/environment.ts";
import { hubFiles } from "../../../../engine/data/hub/files.ts";
import { hubReference, isSafePath } from "../../../../engine/data/hub/reference.ts";
import { DataError } from "../../../../engine/protocol/errors.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { type Interference, type LoopbackHub, startHub } from "./loopbackHub.ts";

const TOKEN = "hf_secretSecretSecret";
const BIG = gzipSync(randomBytes(300_000));
const FILES = {
  "README.md": "# Data",
  "data/train.jsonl": '{"prompt":"a"}\n',
  "data/test.jsonl.gz": BIG,
  "../outside.jsonl": "{}",
};

interface Scene {
  readonly hub: LoopbackHub;
  readonly cache: string;
  readonly told: string[];
  /** Reads a data set from the hub. @returns Paths of the files below its folder in the cache, and their contents. */
  readonly get: (
    from?: string,
    more?: { split?: string; isOffline?: boolean; isQuick?: boolean; token?: string },
  ) => Promise<Found[]>;
}

type Found = readonly [path: string, content: Buffer];

/** Works with a hub and an empty cache. */
async function withHub(work: (scene: Scene) => Promise<void>, interfere?: Interference): Promise<void> {
  await inTemporaryFolder(async (cache) => {
    const hub = await startHub(FILES, interfere);
    const told: string[] = [];
    const get: Scene["get"] = async (from = "hf:owner/name", { split, isOffline = false, isQuick, token } = {}) => {
      const environment = { endpoint: hub.endpoint, cache, isOffline, token };
      const settings = {
        environment,
        isOffline: isQuick,
        firstWaitMs: 1,
        progress: (text: string) => void told.push(text),
      };
      const files = await hubFiles({ from, split }, settings);
      return Promise.all(
        files.map(
          async (file) =>
            [path.relative(path.join(cache, "datasets--owner--name"), file), await fs.readFile(file)] as const,
        ),
      );
    };
    try {
      await work({ hub, cache, told, get });
    } finally {
      await hub.close();
    }
  });
}

/** Answers requests of a kind with a status. */
const answering =
  (status: number, { what = "", most = Infinity, headers = {} } = {}): Interference =>
  ({ path: asked, authorization }, response, index) => {
    if (index >= most || !asked.includes(what)) return false;
    // A hub may send back what it was sent.
    response.writeHead(status, headers).end(JSON.stringify({ error: `token ${String(authorization)}` }));
    return true;
  };

async function failure(scene: Scene, from?: string, token = TOKEN): Promise<string> {
  const error = await scene.get(from, { token }).then(
    () => assert.fail("it did not fail"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof DataError, String(error));
  const all = [error.message, error.stack, JSON.stringify(error.cause), String(error.cause), ...scene.told].join("\n");
  assert.ok(!all.includes(TOKEN), "the token is in an error or a report");
  return error.message;
}

describe("a data set on the hub", () => {
  it("is downloaded once into the cache as Hugging Face's library lays it out", () =>
    withHub(async ({ get, hub, cache, told }) => {
      const [[name, content] = ["", Buffer.alloc(0)]] = await get();
      assert.equal(name, `snapshots/${hub.commit}/data/train.jsonl`);
      assert.equal(content.toString(), FILES["data/train.jsonl"]);
      const unit = path.join(cache, "datasets--owner--name");
      assert.equal(await fs.readFile(path.join(unit, "refs/main"), "utf8"), hub.commit);
      const link = await fs.readlink(path.join(unit, name));
      assert.match(link, /^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/);
      assert.match(told.join("\n"), /data\/train\.jsonl, 15 B of 15 B/);
      const before = hub.requests.filter(({ path: asked }) => asked.includes("/resolve/")).length;
      await get("hf:owner/name@v1");
      await get(`hf:owner/name@${hub.commit}`);
      assert.equal(hub.requests.filter(({ path: asked }) => asked.includes("/resolve/")).length, before);
    }));

  it("is read from the cache offline, and where the hub cannot be reached", () =>
    withHub(async ({ get, hub }) => {
      await assert.rejects(get(undefined, { isOffline: true }), {
        name: "DataError",
        message: /not in the cache.*; unset HF_HUB_OFFLINE/,
      });
      await assert.rejects(get(undefined, { isQuick: true }), /not in the cache; a whole plan of the config, or a run/);
      assert.deepEqual(hub.requests, []);
      const first = await get();
      const n = hub.requests.length;
      assert.deepEqual(await get(undefined, { isQuick: true }), first);
      assert.deepEqual(await get(undefined, { isOffline: true }), first);
      assert.equal(hub.requests.length, n);
      await hub.close();
      assert.deepEqual(await get(), first);
      await assert.rejects(get(undefined, { split: "test" }), {
        name: "DataError",
        message: /cannot be reached; check the network/,
      });
    }));

  it("is gone on with where a download stopped", () => {
    let nStops = 0;
    return withHub(
      async ({ get, hub }) => {
        const [[, content] = ["", Buffer.alloc(0)]] = await get(undefined, { split: "test" });
        assert.ok(content.equals(BIG));
        const ranges = hub.requests.filter(({ path: asked }) => asked.includes("/resolve/")).map(({ range }) => range);
        assert.deepEqual(ranges, [undefined, "bytes=1000-", "bytes=2000-"]);
      },
      ({ path: asked, range }, response) => {
        if (!asked.includes("/resolve/") || nStops >= 2) return false;
        nStops += 1;
        const from = range === undefined ? 0 : 1000;
        if (from > 0) response.writeHead(206, { "content-range": `bytes ${from}-${BIG.length - 1}/${BIG.length}` });
        else response.writeHead(200, { "content-length": BIG.length });
        response.write(BIG.subarray(from, from + 1000), () => setImmediate(() => response.destroy()));
        return true;
      },
    );
  });

  it("is gone on with by the next run where a download stops again and again", () => {
    let isBroken = true;
    return withHub(
      async (scene) => {
        const error = await scene.get(undefined, { split: "test" }).then(() => "", String);
        assert.match(error, /has stopped after 5 of \d+ bytes; run again: it goes on from there/);
        isBroken = false;
        const [[, content] = ["", Buffer.alloc(0)]] = await scene.get(undefined, { split: "test" });
        assert.ok(content.equals(BIG));
        assert.equal(scene.hub.requests.at(-1)?.range, "bytes=5-");
      },
      ({ path: asked, range }, response) => {
        if (!asked.includes("/resolve/") || !isBroken) return false;
        if (range === undefined) response.write(BIG.subarray(0, 5), () => setImmediate(() => response.destroy()));
        else response.writeHead(206, { "content-range": "bytes 5-" }).end();
        return true;
      },
    );
  });

  it("is downloaded by one of two runs", () =>
    withHub(async ({ get, hub }) => {
      const both = await Promise.all([get(undefined, { split: "test" }), get(undefined, { split: "test" })]);
      assert.deepEqual(both[0], both[1]);
      assert.equal(hub.requests.filter(({ path: asked }) => asked.includes("/resolve/")).length, 1);
    }));

  it("is refused with another content than the hub says, and downloaded again", () => {
    let isWrong = true;
    return withHub(
      async (scene) => {
        assert.match(await failure(scene), /another content than the hub says; run again/);
        isWrong = false;
        assert.equal((await scene.get()).length, 1);
      },
      ({ path: asked }, response) => {
        if (!asked.includes("/resolve/") || !isWrong) return false;
        response.end('{"prompt":"b"}\n');
        return true;
      },
    );
  });

  for (const [status, what, expected] of [
    [401, "", /the hub refuses it \(401\); accept its conditions .* token/],
    [403, "/resolve/", /the hub refuses it \(403\)/],
    [404, "", /no such data set or revision on the hub; check the name and the revision "main"/],
    [429, "", /too many requests \(429\); wait some minutes/],
    [503, "/tree/", /the hub answers 503; check the network/],
    [418, "", /the hub answers 418/],
  ] as const) {
    it(`is refused with a remedy, and without the token, where the hub answers ${status} ${what}`, () =>
      withHub(
        async (scene) => {
          assert.match(await failure(scene), expected);
        },
        answering(status, { what }),
      ));
  }

  it("says how to log in where there is no token", () =>
    withHub(
      async ({ get }) => assert.rejects(get(), { message: /log in with `hf auth login`, or set HF_TOKEN/ }),
      answering(401),
    ));

  it("is asked for again after an error that passes", () =>
    withHub(
      async ({ get, told }) => {
        assert.equal((await get()).length, 1);
        assert.match(told.join("\n"), /answers 429; again in 0\.0 s/);
      },
      answering(429, { most: 2, headers: { "retry-after": "0" } }),
    ));

  it("is refused with a wrong revision, and with an answer that is none", async () => {
    await withHub(async (scene) => {
      assert.match(await failure(scene, "hf:owner/name@nope"), /check the name and the revision "nope"/);
    });
    for (const answer of ["<html>", '{"sha":"../../x"}', '{"sha":3}']) {
      const interfere: Interference = ({ authorization }, response) => {
        response.setHeader("content-type", "application/json");
        response.end(`${answer}${answer === "<html>" ? String(authorization) : ""}`);
        return true;
      };
      await withHub(async (scene) => {
        assert.match(await failure(scene), /answer is not understood/);
      }, interfere);
    }
  });

  it("sends the token to the hub alone, also where the hub leads elsewhere", async () => {
    const elsewhere = await startHub({});
    let isAsked = false;
    try {
      await withHub(
        async ({ get, hub }) => {
          await assert.rejects(get(undefined, { token: TOKEN }), { name: "DataError" });
          assert.ok(isAsked);
          assert.ok(hub.requests.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
          assert.ok(elsewhere.requests.length > 0);
          assert.ok(elsewhere.requests.every(({ authorization }) => authorization === undefined));
        },
        ({ path: asked }, response) => {
          if (!asked.includes("/resolve/")) return false;
          isAsked = true;
          response.writeHead(302, { location: `${elsewhere.endpoint}/x` }).end();
          return true;
        },
      );
    } finally {
      await elsewhere.close();
    }
  });
});

describe("the name of a data set", () => {
  it("has an owner and a revision, maybe", () => {
    assert.deepEqual(hubReference("hf:squad"), {
      text: "hf:squad",
      kind: "dataset",
      name: "squad",
      revision: "main",
    });
    const { name, revision } = hubReference("hf:HuggingFaceH4/ultrachat_200k@refs/convert/parquet");
    assert.deepEqual([name, revision], ["HuggingFaceH4/ultrachat_200k", "refs/convert/parquet"]);
    for (const wrong of [
      "hf:",
      "hf:a/b/c",
      "hf:../x",
      "hf:a/..",
      "hf:a@",
      "hf:a@../b",
      "hf:a@b c",
      "hf:a//b",
      "hf:a/b@x/../y",
    ]) {
      assert.throws(() => hubReference(wrong), {
        name: "DataError",
        message: /not a data set on the hub; write hf:owner/,
      });
    }
  });

  it("has files that stay within it", () => {
    assert.ok(isSafePath("data/a b.parquet") && isSafePath("a/.b"));
    for (const wrong of ["../a", "a/../b", "/a", "a//b", "C:/a", "a\\..\\b", ".", "a/."])
      assert.ok(!isSafePath(wrong), wrong);
  });

  it("lacks a shard where a number is missing", () => {
    assert.equal(missingShard(["a-00000-of-00002-ff.parquet", "a-00001-of-00002-ee.parquet", "b.parquet"]), undefined);
    assert.equal(missingShard(["a-00001-of-00002.parquet"]), "a-00000-of-00002");
  });
});

describe("the environment of the hub", () => {
  it("is what Hugging Face's own library reads", async () => {
    await inTemporaryFolder(async (home) => {
      await fs.writeFile(path.join(home, "token"), `${TOKEN}\n`);
      const found = await hubEnvironment({ HF_HOME: home });
      assert.deepEqual(found, {
        endpoint: "https://huggingface.co",
        cache: path.join(home, "hub"),
        isOffline: false,
        token: TOKEN,
      });
      const { cache, token, isOffline } = await hubEnvironment({
        HF_HOME: home,
        HF_HUB_CACHE: "/c",
        HF_TOKEN: "hf_b",
        HF_HUB_OFFLINE: "1",
      });
      assert.deepEqual([cache, token, isOffline], ["/c", "hf_b", true]);
    });
  });

  it("keeps the token where it could be overheard, or is none", async () => {
    const tokenAt = async (endpoint: string, token = TOKEN): Promise<string | undefined> =>
      (await hubEnvironment({ HF_HOME: "/none", HF_ENDPOINT: endpoint, HF_TOKEN: token })).token;
    assert.equal(await tokenAt("http://mirror.example"), undefined);
    assert.equal(await tokenAt("https://mirror.example/"), TOKEN);
    assert.equal(await tokenAt("http://127.0.0.1:8000"), TOKEN);
    assert.equal(await tokenAt("https://mirror.example", "a\nb: c"), undefined);
    for (const wrong of ["ftp://x", "x", "https://user:password@x"]) {
      await assert.rejects(tokenAt(wrong), { name: "DataError", message: /HF_ENDPOINT: is not the address/ });
    }
  });
});
