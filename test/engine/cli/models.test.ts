import assert from "node:assert/strict";
import type { GenerateRequest, ScoreRequest, SoupRequest } from "../../../engine/pipeline/index.ts";
import { salsa, TABLE } from "./screen.ts";

describe("salsa soup", () => {
  const requests: SoupRequest[] = [];
  const pipeline = {
    makeSoup: (request: SoupRequest) => {
      requests.push(request);
      return Promise.resolve({ folder: request.out });
    },
  };
  const last = (): Partial<SoupRequest> => requests.at(-1) ?? {};

  for (const [line, expected] of [
    ["a b -o s", { method: "uniform" }],
    ["a b c -o s", { method: "uniform" }],
    ["a b --alpha -0.5 -o s", { method: "linear", alpha: -0.5 }],
    ["a b --method linear -o s", { method: "linear" }],
    ["a b c --alpha 0.2,0.3 -o s", { method: "linear", alpha: [0.2, 0.3] }],
    ["a b c --method modelStock -o s", { method: "modelStock" }],
    ["a b c --weights 0.5,0.25,0.25 -o s", { method: "linear", weights: [0.5, 0.25, 0.25] }],
    ["a b --method slerp --alpha 0.3 -o s", { method: "slerp", alpha: 0.3 }],
  ] as const) {
    it(`mixes ${line}`, async () => {
      const { code, stdout } = await salsa(["soup", ...line.split(" ")], { folder: "/m", pipeline });
      assert.deepEqual([code, stdout.endsWith(": /m/s\n")], [0, true]);
      const { of = [], out, method, alpha, weights } = last();
      assert.equal(out, "/m/s");
      assert.ok(of.every((folder) => folder.startsWith("/m/")));
      assert.deepEqual(
        { ...(alpha === undefined ? {} : { alpha }), ...(weights === undefined ? {} : { weights }), method },
        expected,
      );
    });
  }

  for (const [line, message] of [
    ["a -o s", /at least 2 checkpoints/],
    ["a b", /--out is missing/],
    ["a b c --alpha 0.5 -o s", /--alpha is one number, for 3 models \(a, b, c\)/],
    ["a b --weights 0.5 -o s", /--weights has 1 weights, for 2 models/],
    ["a b --weights 0.5,0.6 -o s", /--weights add up to 1\.1, not 1/],
    ["a b --weights 0.5,0.5 --alpha 0.5 -o s", /given together/],
    ["a b --method uniform --alpha 0.5 -o s", /goes with --method linear/],
    ["a b --method slerp --weights 0.5,0.5 -o s", /goes with --method linear/],
    ["a b --method slurp -o s", /did you mean slerp/],
    ["a b c --method slerp -o s", /exactly 2 models, not 3/],
    ["a b --method greedy -o s", /--method/],
  ] as const) {
    it(`refuses ${line}`, async () => {
      const { code, stderr } = await salsa(["soup", ...line.split(" ")], { pipeline });
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }

  it("writes over a checkpoint only with --force", async () => {
    await salsa(["soup", "a", "b", "-o", "s"], { pipeline });
    assert.equal(last().force, false);
    await salsa(["soup", "a", "b", "-o", "s", "--force"], { pipeline });
    assert.equal(last().force, true);
  });

  it("prints one JSON object when asked to", async () => {
    const { stdout } = await salsa(["soup", "a", "b", "-o", "s", "--json"], { folder: "/m", pipeline });
    assert.deepEqual(JSON.parse(stdout), { folder: "/m/s", method: "uniform", of: ["/m/a", "/m/b"] });
  });
});

describe("salsa score", () => {
  const requests: ScoreRequest[] = [];
  const pipeline = {
    scoreCheckpoint: (request: ScoreRequest) => {
      requests.push(request);
      return Promise.resolve(TABLE);
    },
  };

  it("scores on a task with the settings given", async () => {
    const argv = ["score", "m", "--task", "miniinstruct", "--n", "64", "--temperature", "0", "--seed", "7", "--json"];
    const { code, stdout } = await salsa(argv, { folder: "/m", pipeline });
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), TABLE);
    const { checkpoint, task, n, seed, sampling } = requests.at(-1) ?? {};
    assert.deepEqual([checkpoint, task, n, seed, sampling?.temperature], ["/m/m", "miniinstruct", 64, 7, 0]);
  });

  for (const [line, message] of [
    ["m", /either --task or --prompts/],
    ["m --task miniinstruct --prompts p", /either --task or --prompts/],
    ["m --prompts p", /needs --reward/],
    ["m --task miniinstrct", /did you mean miniinstruct/],
    ["m --task miniinstruct --n 0", /at least 1/],
    ["m --task miniinstruct --top-p 2", /at most 1/],
  ] as const) {
    it(`refuses ${line}`, async () => {
      const { code, stderr } = await salsa(["score", ...line.split(" ")], { pipeline });
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }
});

describe("salsa generate", () => {
  const requests: GenerateRequest[] = [];
  const pipeline = {
    generateResponses: (request: GenerateRequest) => {
      requests.push(request);
      return Promise.resolve([{ prompt: "copy: a", response: "a thanks" }]);
    },
  };

  it("prints prompt and answer, or one JSON object a line", async () => {
    const plain = await salsa(["generate", "m", "--prompt", "copy: a"], { pipeline });
    assert.equal(plain.stdout, "copy: a\na thanks\n\n");
    const json = await salsa(["generate", "m", "--prompt", "copy: a", "--json"], { pipeline });
    assert.deepEqual(JSON.parse(json.stdout), { prompt: "copy: a", response: "a thanks" });
    assert.deepEqual(requests.at(-1)?.prompts, ["copy: a"]);
  });

  it("hands files on by their full path", async () => {
    const { stdout } = await salsa(["generate", "m", "--prompts", "p.jsonl", "-o", "a.jsonl"], {
      folder: "/m",
      pipeline,
    });
    assert.equal(stdout, "1 answer: a.jsonl\n");
    assert.deepEqual([requests.at(-1)?.prompts, requests.at(-1)?.out], ["/m/p.jsonl", "/m/a.jsonl"]);
  });

  it("refuses neither and both kinds of prompt", async () => {
    assert.match((await salsa(["generate", "m"], { pipeline })).stderr, /give --prompt or --prompts/);
    assert.match((await salsa(["generate", "m", "--prompt", "a", "--prompts", "b"], { pipeline })).stderr, /keep one/);
  });

  it("end with 130 and without a complaint when Ctrl-C cuts them off", async () => {
    const controller = new AbortController();
    const generateResponses = ({ signal }: GenerateRequest): Promise<never> => {
      controller.abort();
      return Promise.reject(signal.reason as Error);
    };
    const { code, stderr } = await salsa(["generate", "model", "--prompt", "hello"], {
      pipeline: { generateResponses },
      signal: controller.signal,
    });
    assert.deepEqual({ code, stderr }, { code: 130, stderr: "" });
  });
});
