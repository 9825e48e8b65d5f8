import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { condition } from "../served.ts";
import { refusal } from "./runFolders.ts";
import { startService, withService } from "./serviceClient.ts";
import { salsaProgram } from "../../../program.ts";

const MAIN = salsaProgram();

describe("the engine service", () => {
  it("tells its versions and its process, and ends with 0 when its input does", async () => {
    const client = startService();
    const { protocol, version, node, pid } = await client.ask("initialize", { protocol: 1, client: "test 1" });
    assert.deepEqual([protocol, node, pid], [1, process.version, client.child.pid]);
    assert.match(version, /^\d+\.\d+\.\d+$/);
    assert.equal(await client.end(), 0);
  });

  it("refuses another version and names both, and everything before it is initialized", async () => {
    const client = startService();
    const message = /^engine service \d.* speaks protocol 1, vscode 9 speaks 7; install one version of both$/;
    await assert.rejects(
      client.ask("initialize", { protocol: 7, client: "vscode 9" }),
      refusal(2, "VersionMismatchError", message),
    );
    await assert.rejects(client.ask("listRuns", {}), refusal(3, "NotInitializedError", /the first request must be/));
    await client.end();
  });

  it("answers an unknown method with JSON-RPC's own refusal, and goes on", async () => {
    await withService(async ({ connection, ask }) => {
      await assert.rejects(connection.sendRequest("explode", {}), { code: -32601 });
      assert.deepEqual(await ask("listRuns", {}), []);
    });
  });

  it("ends when what it hears is not the protocol", async () => {
    const child = spawn(process.execPath, [MAIN, "serve"], { stdio: ["pipe", "pipe", "ignore"] });
    child.stdin.on("error", () => undefined);
    child.stdin.write("GET / HTTP/1.1\r\n\r\n");
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 0);
  });

  it("ends when its client dies, also with an answer half written", async () => {
    const client = startService();
    await client.ask("initialize", { protocol: 1, client: "test 1" });
    const exited = once(client.child, "exit");
    client.child.stdout?.destroy();
    client.child.stdin?.end();
    await exited;
  });

  it("writes nothing but messages to standard output", async () => {
    const child = spawn(process.execPath, [MAIN, "serve"], { stdio: ["pipe", "pipe", "ignore"] });
    const news = condition();
    let written = "";
    child.stdout.on("data", (data: Buffer) => {
      written += data.toString();
      news.check();
    });
    const closed = once(child, "close");
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "listRuns", params: {} });
    child.stdin.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
    await news.until(() => written.endsWith("}"));
    child.stdin.end();
    await closed;
    const [, length, answer = ""] = /^Content-Length: (\d+)\r\n\r\n(.*)$/s.exec(written) ?? [];
    assert.equal(answer.length, Number(length));
    assert.equal((JSON.parse(answer) as { id: number }).id, 1);
  });
});
