import type { Readable, Writable } from "node:stream";
import { McpServer } from "@modelcontextprotocol/server";
import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
import { MODEL_TOOLS, roughCount } from "../../tools/index.ts";
import type { CheckedConfig, ConfigName, ToolHost } from "../../tools/tool.ts";
import { configsIn, rootsFor } from "./configs.ts";
import { marksIn } from "./marks.ts";
import { type OwnService, openService } from "./ownService.ts";

/** Bytes of a message: a call names some things and has no files in it. */
const MOST_MESSAGE = 2 ** 20;
/** Tokens of an answer, roughly. */
const MOST_TOKENS = 6000;

/** Settings of the MCP server. */
export interface McpSettings {
  readonly input: Readable;
  readonly output: Writable;
  /** Version of this program. */
  readonly version: string;
  /** Folders in which runs and configs are looked for. */
  readonly folders: readonly string[];
  /** Offers the tools that start and stop runs. */
  readonly allowsRuns: boolean;
  readonly check: (file: string) => Promise<CheckedConfig>;
  /** Called with the reason when the client breaks the protocol. */
  readonly report: (error: Error) => void;
  /** Aborted when the server shall end. */
  readonly signal: AbortSignal;
}

/** Offers the tools to the client of the Model Context Protocol at the other end of two streams, until it closes them. */
export async function serveMcp(settings: McpSettings): Promise<void> {
  const { input, output, version, allowsRuns, report, signal } = settings;
  const ended = Promise.withResolvers<undefined>();
  const end = (): void => ended.resolve(undefined);
  for (const event of ["end", "close", "error"]) input.once(event, end);
  for (const event of ["close", "error"]) output.once(event, end);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const service = await openService({ client: `salsa mcp ${version}`, version, isTrusted: allowsRuns });
  const transport = new StdioServerTransport(input, output, { maxBufferSize: MOST_MESSAGE });
  const serving = serveStdio(() => serverOf(settings, service), { transport, onerror: report });
  try {
    await ended.promise;
  } finally {
    signal.removeEventListener("abort", end);
    await serving.close();
    service.close();
  }
}

function serverOf(settings: McpSettings, service: OwnService): McpServer {
  const { version, allowsRuns } = settings;
  const server = new McpServer({ name: "salsa", title: "SALSA", version }, { instructions: INSTRUCTIONS });
  for (const tool of MODEL_TOOLS.filter(({ isReadOnly }) => isReadOnly || allowsRuns)) {
    const { name, title, description, input: inputSchema, isReadOnly } = tool;
    const annotations = { readOnlyHint: isReadOnly, openWorldHint: false };
    server.registerTool(name, { title, description, inputSchema, annotations }, async (given, { mcpReq }) => {
      const host = hostOf(settings, service, mcpReq.signal);
      const text = await tool.call(host, given, { tokens: MOST_TOKENS, count: roughCount });
      return { content: [{ type: "text", text }] };
    });
  }
  return server;
}

const INSTRUCTIONS =
  "SALSA aligns language models by PPO against a model soup. Call salsa_listRuns first: it names the runs and configs that the other tools take.";

function hostOf({ folders, check }: McpSettings, service: OwnService, signal: AbortSignal): ToolHost {
  const configs = (): Promise<readonly ConfigName[]> => configsIn(folders);
  return {
    request: (method, params) => service.request(method, params, signal),
    configs,
    marks: () => marksIn(folders),
    runs: async () => {
      await service.request("setRoots", { roots: await rootsFor(folders, await configs()) }, signal);
      return service.request("listRuns", {}, signal);
    },
    check: ({ file }) => check(file),
  };
}
