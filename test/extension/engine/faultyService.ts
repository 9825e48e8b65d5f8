import { appendFileSync } from "node:fs";
import {
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  createMessageConnection,
} from "vscode-jsonrpc/node";
import { type InitializeResult, SERVICE_PROTOCOL } from "../../../engine/protocol/service.ts";

/** Ways in which this service goes wrong, by the variable FAULT. */
const FAULTS: Readonly<Record<string, (connection: MessageConnection) => void>> = {
  /** Ends before it has said anything. */
  early: () => {
    process.stderr.write("TypeError: nothing works\n    at nowhere:1:1\n\nNode.js v24.0.0\n");
    process.exit(3);
  },
  fullDisk: () => {
    process.stderr.write("Error: ENOSPC: no space left on device, write\n");
    process.exit(1);
  },
  silent: (connection) => connection.onRequest("initialize", () => new Promise(() => undefined)),
  otherProtocol: (connection) => greet(connection, { protocol: SERVICE_PROTOCOL + 1 }),
  oldNode: (connection) => greet(connection, { node: "v22.1.0" }),
  chatty: () => process.stdout.write("Welcome!\nThis is no JSON-RPC\n\n"),
  /** Dies of the request `stopRun`, and answers `listRuns` only when it is cancelled. */
  mortal: (connection) => {
    greet(connection, {});
    connection.onRequest("stopRun", () => {
      process.stderr.write("RangeError: out of luck\n");
      process.exit(7);
    });
    connection.onRequest("listRuns", () => new Promise(() => undefined));
    connection.onRequest("setRoots", async ({ roots }: { readonly roots: readonly string[] }) => {
      await connection.sendNotification("runs", { changed: [], removed: roots });
      return {};
    });
  },
};

function greet(connection: MessageConnection, changes: Partial<InitializeResult>): void {
  const hello = { protocol: SERVICE_PROTOCOL, version: "0.0.0", node: process.version, pid: process.pid, ...changes };
  connection.onRequest("initialize", () => hello);
}

const journal = process.env["JOURNAL"] ?? "";
if (journal !== "") appendFileSync(journal, `${process.pid}\n`);
process.stdin.on("end", () => process.exit());
const connection = createMessageConnection(
  new StreamMessageReader(process.stdin),
  new StreamMessageWriter(process.stdout),
);
FAULTS[process.env["FAULT"] ?? ""]?.(connection);
connection.listen();
