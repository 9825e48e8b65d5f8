import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { ServeRequest } from "../../../engine/pipeline/index.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { type Outcome, salsa } from "./screen.ts";

const VARIABLE = "SALSA_TEST_SERVE_TOKEN";

describe("salsa serve-model", () => {
  const requests: ServeRequest[] = [];
  const pipeline = {
    serveModels: (request: ServeRequest) => {
      requests.push(request);
      const models = request.checkpoints.map((one) => ({
        ...one,
        context: 64,
        parameters: 1000,
        answerBytes: 2 ** 20,
      }));
      request.ready({ baseUrl: "http://127.0.0.1:8000/v1", backend: "wasm", models });
      return Promise.resolve();
    },
  };
  before(() => (process.env[VARIABLE] = "0123456789abcdef"));
  after(() => Reflect.deleteProperty(process.env, VARIABLE));

  /** Serves two folders that look like checkpoints. */
  async function serve(
    line: string,
  ): Promise<Outcome & { readonly request: ServeRequest | undefined; readonly folder: string }> {
    return inTemporaryFolder(async (folder) => {
      for (const name of ["a", "b"]) {
        await fs.mkdir(path.join(folder, name));
        await fs.writeFile(path.join(folder, name, "config.json"), "{}");
      }
      requests.length = 0;
      const outcome = await salsa(["serve-model", ...line.split(" ")], { folder, pipeline });
      return { ...outcome, request: requests[0], folder };
    });
  }

  it("serves folders by their names, or by those given", async () => {
    const { code, stdout, request, folder } = await serve("a soup=b");
    assert.equal(code, 0);
    assert.deepEqual(request?.checkpoints, [
      { name: "a", folder: path.join(folder, "a") },
      { name: "soup", folder: path.join(folder, "b") },
    ]);
    const { host, port, token, isRemote, context, parallel, queue, threads } = request;
    assert.deepEqual([host, port, token, isRemote], ["127.0.0.1", 8000, undefined, false]);
    assert.deepEqual([context, parallel, queue, threads], [2048, 8, 64, 0]);
    assert.match(stdout, /^Serving at http:\/\/127\.0\.0\.1:8000\/v1 on wasm; Ctrl-C ends it\n {2}a: /);
  });

  it("tells scripts where it is", async () => {
    const { stdout } = await serve("a --json --port 0");
    const said = JSON.parse(stdout) as { kind: string; models: readonly { name: string }[] };
    assert.deepEqual([said.kind, said.models[0]?.name], ["serving", "a"]);
  });

  it("lets other machines in with a token alone", async () => {
    const { code, request } = await serve(`a --host 0.0.0.0 --allow-remote --token-variable ${VARIABLE}`);
    assert.equal(code, 0);
    assert.deepEqual([request?.isRemote, request?.token], [true, "0123456789abcdef"]);
  });

  for (const [line, message] of [
    ["a --host 0.0.0.0", /other machines could reach it; add --allow-remote/],
    ["a --host 0.0.0.0 --allow-remote", /--allow-remote needs --token-variable/],
    ["a --host :: --allow-remote", /--allow-remote needs --token-variable/],
    ["a --token-variable SALSA_TEST_NOTHING", /SALSA_TEST_NOTHING must hold a token/],
    ["a a", /two checkpoints are called a/],
    ["x=a x=b", /two checkpoints are called x/],
    ["nothing", /there is no run "nothing"/],
    ["a --port 70000", /--port: must be at most 65535/],
    ["a --parallel 0", /--parallel: must be at least 1/],
  ] as const) {
    it(`refuses ${line}`, async () => {
      const { code, stderr, request } = await serve(line);
      assert.deepEqual([code, request], [2, undefined]);
      assert.match(stderr, message);
    });
  }
});
