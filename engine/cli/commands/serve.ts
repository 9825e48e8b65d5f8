import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";

/** Milliseconds that work under way has to end by itself once the client is gone. */
const GRACE = 2000;

/** Answers an editor's questions about runs. */
export const serve: Command = {
  name: "serve",
  summary: "answer an editor: JSON-RPC over standard input and output",
  details: [
    "The VS Code extension starts one for each window. It finds, reads, starts and ends runs, which do not depend\n" +
      "on it, and ends when standard input does.",
    "Standard output has nothing but JSON-RPC 2.0 messages with Content-Length headers, with and without --json; the\n" +
      "first request is initialize.",
  ],
  positionals: [],
  options: {},
  examples: [["salsa serve", "For a program at the other end of the pipe"]],
  interruptNotice: "Ending; runs go on",
  async run(_args, { version, signal }) {
    const { serve: serveStreams } = await import("../../server/service/serve.ts");
    await serveStreams({ input: process.stdin, output: process.stdout, version, signal });
    // A client that is gone waits for nothing, and neither does its service.
    setTimeout(() => process.exit(), GRACE).unref();
    process.stdin.destroy();
    return EXIT.ok;
  },
};
