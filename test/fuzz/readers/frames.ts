import { PassThrough } from "node:stream";
import { serve } from "../../../engine/server/service/serve.ts";
import type { Reader } from "../reader.ts";

function frames(...messages: readonly object[]): Buffer {
  return Buffer.concat(
    messages.map((message) => {
      const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
      return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
    }),
  );
}

const initialize = { id: 1, method: "initialize", params: { protocol: 1, client: "fuzz 1" } };
const folder = "/nowhere/.salsa/runs/demo-1";

/** What a service's client sends: whatever it is, the service answers or ends, and outlives it. */
const service: Reader = {
  name: "serviceFrames",
  corpus: [
    frames(initialize, { id: 2, method: "listRuns", params: {} }),
    frames(
      initialize,
      { id: 2, method: "outline", params: { folder } },
      { id: 3, method: "winRates", params: { folder } },
    ),
    frames(
      initialize,
      { id: 2, method: "series", params: { folder, keys: [{ stage: "ppo", metric: "objective/kl" }] } },
      { id: 3, method: "samples", params: { folder, source: { kind: "rollouts" }, offset: 0, limit: 10 } },
      { method: "$/cancelRequest", params: { id: 3 } },
      { id: 4, method: "unfollow", params: { folder } },
    ),
  ],
  errors: [],
  read: async (bytes) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    output.resume();
    const served = serve({ input, output, version: "0.0.0", signal: new AbortController().signal });
    input.end(bytes);
    await served;
  },
};

export const FRAMES: readonly Reader[] = [service];
