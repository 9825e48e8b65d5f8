import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { ResponseError, SocketMessageReader, SocketMessageWriter, createMessageConnection } from "vscode-jsonrpc/node";
import { newAddress } from "../../../../engine/server/address.ts";
import type { JsonObject } from "../../../../engine/storage/json.ts";
import { RunFolder } from "../../../../engine/storage/runFolder.ts";
import { TINY, resolved } from "../../pipeline/tinyRun.ts";
import { STARTED, inRuntimeFolder, metric } from "../served.ts";
import { refusal } from "./runFolders.ts";
import { withService } from "./serviceClient.ts";

/** An engine of a later version, which refuses every handshake. */
async function laterEngine(work: (address: string) => Promise<void>): Promise<void> {
  const address = await newAddress();
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    connection.onRequest(
      "handshake",
      () => new ResponseError(1, "engine 9.0.0 speaks protocol 9, test 1 speaks 1", { protocol: 9 }),
    );
    connection.listen();
  });
  server.listen(address);
  await once(server, "listening");
  try {
    await work(address);
  } finally {
    server.close();
  }
}

describe("a run whose engine speaks another version", () => {
  it("is listed with what to do about it, and followed by its log", async () => {
    await inRuntimeFolder(async (root) => {
      await laterEngine(async (address) => {
        const held = await RunFolder.open(root, "later-1", address);
        const { folder } = held;
        const config = JSON.parse(JSON.stringify(resolved(TINY, root))) as JsonObject;
        await held.writeRun({ id: "later-1", config, configFile: "/c/tiny.salsa.json" });
        held.append("events", { ...STARTED, time: 1, sequence: 0 });
        await withService(async (client) => {
          await client.ask("setRoots", { roots: [root] });
          await client.until(() => /speaks protocol 9.*; attach with/.test(client.runs.get(folder)?.problem ?? ""));
          await client.ask("follow", { folder });
          held.append("events", { ...metric(0), time: 2, sequence: 1 });
          await client.until(() => client.next(folder) === 2);
          assert.equal(client.runs.get(folder)?.status, "running");
          await assert.rejects(
            client.ask("stopRun", { folder }),
            refusal(
              1,
              "VersionMismatchError",
              /speaks protocol 9.*; attach with the version that started the run, or wait/,
            ),
          );
        });
        await held.close();
      });
    });
  });
});
