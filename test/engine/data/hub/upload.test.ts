import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { isRepositoryName } from "../../../../engine/data/hub/target.ts";
import {
  type UploadFile,
  type UploadProgress,
  type Uploaded,
  uploadModel,
} from "../../../../engine/data/hub/upload.ts";
import { DataError } from "../../../../engine/protocol/errors.ts";
import { placeIn } from "../../../../engine/storage/places.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { type HubManners, type Interference, type WritableHub, startWritableHub } from "./writableHub.ts";

const TOKEN = "hf_secretSecretSecret";
const NAME = "owner/name";
const CONTENTS: Readonly<Record<string, Buffer>> = {
  "README.md": Buffer.from("# Card\n"),
  "config.json": Buffer.from('{"a":1}\n'),
  "figures/kl.png": randomBytes(1000),
  "model.safetensors": randomBytes(700_000),
};

interface Scene {
  readonly hub: WritableHub;
  readonly folder: string;
  readonly files: readonly UploadFile[];
  readonly told: UploadProgress[];
  readonly notes: string[];
  readonly publish: (more?: {
    isPublic?: boolean;
    token?: string | undefined;
    signal?: AbortSignal;
    isOffline?: boolean;
  }) => Promise<Uploaded>;
}

async function withHub(work: (scene: Scene) => Promise<void>, manners: HubManners = {}): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const files: UploadFile[] = [];
    for (const [name, content] of Object.entries(CONTENTS)) {
      await fs.mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await fs.writeFile(path.join(folder, name), content);
      const sha256 = createHash("sha256").update(content).digest("hex");
      files.push({ path: name, place: placeIn(folder, name), bytes: content.length, sha256 });
    }
    const hub = await startWritableHub(manners);
    const [told, notes]: [UploadProgress[], string[]] = [[], []];
    const publish: Scene["publish"] = ({
      isPublic = false,
      isOffline = false,
      signal = new AbortController().signal,
      ...more
    } = {}) => {
      const token = "token" in more ? more.token : TOKEN;
      const environment = { endpoint: hub.endpoint, cache: folder, isOffline, token };
      return uploadModel({
        ...{ name: NAME, isPublic, files, title: "Publish", signal, environment, firstWaitMs: 1 },
        progress: (progress) => void told.push(progress),
        note: (text) => void notes.push(text),
      });
    };
    try {
      await work({ hub, folder, files, told, notes, publish });
    } finally {
      await hub.close();
    }
  });
}

async function failure({ publish, notes, told }: Scene, more: Parameters<Scene["publish"]>[0] = {}): Promise<string> {
  const error = await publish(more).then(
    () => assert.fail("it did not fail"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof DataError, String(error));
  const all = [error.message, error.stack, String(error.cause), JSON.stringify(error), ...notes, JSON.stringify(told)];
  assert.ok(!all.join("\n").includes(TOKEN), "the token is in an error or a report");
  return error.message;
}

function assertArrived({ hub }: Scene, { isPrivate = true } = {}): void {
  const held = hub.repositories.get(NAME);
  assert.equal(held?.isPrivate, isPrivate);
  const arrived = [...held.files.keys()].filter((file) => file !== ".gitattributes").sort();
  assert.deepEqual(arrived, Object.keys(CONTENTS).sort());
  for (const [name, content] of Object.entries(CONTENTS)) assert.ok(held.files.get(name)?.equals(content), name);
}

const answering = (status: number, what: string, { most = Infinity, headers = {} } = {}): Interference => {
  let n = 0;
  return ({ path: asked, authorization }, response) => {
    if (!asked.includes(what) || n >= most) return false;
    n += 1;
    // A hub may send back what it was sent.
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ error: `token ${String(authorization)}` }));
    return true;
  };
};

describe("an upload to the hub", () => {
  for (const [how, manners] of [
    ["in one piece", {}],
    ["in parts", { partBytes: 300_000 }],
  ] as const)
    it(`arrives ${how} as it was listed, in a private repository, and tells how far it is`, () =>
      withHub(async (scene) => {
        const { url, commit, kept } = await scene.publish();
        assertArrived(scene);
        assert.equal(url, `${scene.hub.endpoint}/${NAME}`);
        assert.equal(commit, scene.hub.repositories.get(NAME)?.commit);
        assert.deepEqual(kept, []);
        const total = Object.values(CONTENTS).reduce((sum, { length }) => sum + length, 0);
        assert.deepEqual(scene.told.at(-1), { doneBytes: total, totalBytes: total, secondsLeft: 0 });
        assert.ok(scene.told.every(({ doneBytes }) => doneBytes <= total));
      }, manners));

  it("is public only where that is asked for, and sends the token to the hub alone", () =>
    withHub(async (scene) => {
      await scene.publish({ isPublic: true });
      assertArrived(scene, { isPrivate: false });
      for (const { path: asked, authorization } of scene.hub.requests)
        assert.equal(authorization, asked.startsWith("/lfs/") ? undefined : `Bearer ${TOKEN}`, asked);
    }));

  it("is refused before a byte is sent where the repository has another visibility than was confirmed", async () => {
    for (const [forced, isPublic, expected] of [
      ["public", false, /it is public there: anybody could read.*--public/],
      ["private", true, /it is private there; leave out --public/],
    ] as const)
      await withHub(
        async (scene) => {
          assert.match(await failure(scene, { isPublic }), expected);
          assert.match(await failure(scene, { isPublic }), expected);
          assert.ok(scene.hub.requests.every(({ path: asked }) => !/preupload|lfs|commit\//.test(asked)));
        },
        { forced },
      );
  });

  it("replaces what is there by what is listed, and names what stays", () =>
    withHub(async (scene) => {
      await scene.publish();
      scene.hub.repositories.get(NAME)?.files.set("old.bin", Buffer.from("x")).set("README.md", Buffer.from("other"));
      const { kept } = await scene.publish();
      assert.deepEqual(kept, ["old.bin"]);
      assert.ok(
        scene.hub.repositories
          .get(NAME)
          ?.files.get("README.md")
          ?.equals(CONTENTS["README.md"] ?? Buffer.alloc(0)),
      );
    }));

  it("leaves nothing to be seen when it is stopped, and does not send again what has arrived", async () => {
    const controller = new AbortController();
    const interfere: Interference = ({ path: asked }) => {
      if (asked.includes("/commit/")) controller.abort();
      return false;
    };
    await withHub(
      async (scene) => {
        const { hub } = scene;
        // Once the large files have arrived.
        const stopped = scene.publish({ signal: controller.signal });
        await assert.rejects(stopped, (error) => error === controller.signal.reason);
        const nLarge = hub.requests.filter(({ method }) => method === "PUT").length;
        assert.equal(nLarge, 2);
        await scene.publish();
        assertArrived(scene);
        assert.equal(hub.requests.filter(({ method }) => method === "PUT").length, nLarge);
      },
      { interfere },
    );
  });

  it("goes on after a connection that breaks off in the middle of a file", () => {
    let nBreaks = 0;
    return withHub(
      async (scene) => {
        await scene.publish();
        assertArrived(scene);
        assert.ok(nBreaks === 2 && scene.notes.length >= 1);
        const last = scene.told.at(-1);
        assert.equal(last?.doneBytes, last?.totalBytes);
      },
      {
        interfere: ({ method }, response) => {
          if (method !== "PUT" || nBreaks >= 2) return false;
          nBreaks += 1;
          response.destroy();
          return true;
        },
      },
    );
  });

  for (const [status, what, expected] of [
    [401, "/api/models", /does not know who is asking \(401\); the token is not valid/],
    [403, "/api/repos/create", /refuses it \(403\); use a token that may write to what owner owns/],
    [404, "/api/repos/create", /no such owner or repository for this token \(404\)/],
    [409, "/commit/", /somebody else has changed it meanwhile \(409\); look at it on the hub, and publish again/],
    [429, "/api/repos/create", /too many requests \(429\); publish again later/],
    [503, "/preupload/", /the hub answers 503; publish again later/],
    [507, "/objects/batch", /the hub answers 507/],
    [307, "/api/models", /moved or renamed/],
    [418, "/lfs/", /the hub answers 418/],
  ] as const)
    it(`is refused with a remedy, and without the token, where the hub answers ${status} at ${what}`, () =>
      withHub(async (scene) => assert.match(await failure(scene), expected), { interfere: answering(status, what) }));

  it("takes a repository that somebody has made meanwhile, with the right visibility", () => {
    let isFirst = true;
    return withHub(
      async (scene) => {
        scene.hub.repositories.set(NAME, { isPrivate: true, commit: "1".repeat(40), files: new Map() });
        await scene.publish();
        assertArrived(scene);
      },
      {
        interfere: ({ path: asked }, response) => {
          if (!asked.includes("/revision/") || !isFirst) return false;
          isFirst = false;
          response.writeHead(404).end("{}");
          return true;
        },
      },
    );
  });

  it("waits as long as the hub asks, and goes on", () =>
    withHub(
      async (scene) => {
        await scene.publish();
        assertArrived(scene);
        assert.match(scene.notes.join("\n"), /owner\/name: the hub answers 429; again in 0\.0 s/);
      },
      { interfere: answering(429, "/preupload/", { most: 2, headers: { "retry-after": "0" } }) },
    ));

  it("keeps a file here that has changed since it was listed, large or small", async () => {
    for (const name of ["model.safetensors", "config.json"])
      await withHub(async (scene) => {
        const changed = Buffer.from(CONTENTS[name] ?? Buffer.alloc(0)).fill(1, 0, 4);
        await fs.writeFile(path.join(scene.folder, name), changed);
        assert.match(await failure(scene), /has changed since it was listed; publish again/);
        await fs.writeFile(path.join(scene.folder, name), "shorter");
        assert.match(await failure(scene), /has changed since it was listed; publish again/);
        assert.ok(
          scene.hub.requests.every(({ body }) => !body.includes(changed) && !body.includes(changed.toString("base64"))),
        );
      });
  });

  it("sends nothing that a link leads to", () =>
    withHub(async (scene) => {
      const file = path.join(scene.folder, "config.json");
      await fs.rename(file, `${file}.away`);
      await fs.symlink(`${file}.away`, file);
      assert.match(await failure(scene), /is a link, which is neither read nor written/);
    }));

  it("asks for a token, stays at home offline, and takes no name that the hub does not", () =>
    withHub(async (scene) => {
      assert.match(await failure(scene, { token: undefined }), /no token for the hub; set HF_TOKEN/);
      assert.match(await failure(scene, { isOffline: true }), /HF_HUB_OFFLINE forbids it/);
      assert.deepEqual(scene.hub.requests, []);
    }));

  it("refuses an answer that is none", async () => {
    for (const answer of ["<html>", '{"private":"no"}', "null"])
      await withHub(async (scene) => assert.match(await failure(scene), /answer is not understood/), {
        interfere: ({ authorization }, response) => {
          response.setHeader("content-type", "application/json");
          response.end(answer === "<html>" ? `${answer}${String(authorization)}` : answer);
          return true;
        },
      });
  });
});

describe("the name of a repository", () => {
  it("is one that the hub takes", () => {
    for (const right of ["a/b", "owner/name", "o-1/model.v2_x", "A/B"]) assert.ok(isRepositoryName(right), right);
    for (const wrong of [
      "name",
      "a/b/c",
      "/b",
      "a/",
      "a//b",
      "../x",
      "a/..",
      "a/-b",
      "a/b-",
      "a/b--c",
      "a/b..c",
      "a/b.git",
      "a/b c",
      "a/é",
      "hf:a/b",
      `a/${"b".repeat(96)}`,
      "a/b.ipynb",
      "a/b\n",
    ])
      assert.ok(!isRepositoryName(wrong), wrong);
  });
});
