import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";

/** Takes messages from a stream, a line of JSON each, and posts them to the page that opened it. */
const WINDOW = `<!DOCTYPE html><title>Relay</title><script type="module">
  const { body } = await fetch("/messages");
  let parts = [];
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const [first, ...others] = text.split("\\n");
    parts.push(first);
    for (const next of others) {
      opener.postMessage(JSON.parse(parts.join("")), "*");
      parts = [next];
      void fetch("/taken", { method: "POST" });
    }
  }
</script>`;

/**
 * The way of messages from the extension to the page, as VS Code has it: they come as JSON into a window of another
 * origin, and so of another process, which parses them and posts them on. DevTools would take many times as long.
 */
export class Relay {
  private readonly server: Server;
  private readonly waiting: (() => void)[] = [];
  private readonly connected = Promise.withResolvers<ServerResponse>();

  private constructor() {
    this.server = createServer((request, response) => this.answer(request, response));
  }

  /** Opens the window beside a page. */
  static async open(page: Page): Promise<Relay> {
    const relay = new Relay();
    relay.server.listen(0, "127.0.0.1");
    await once(relay.server, "listening");
    const { port } = relay.server.address() as AddressInfo;
    await page.evaluate((address) => {
      window.open(address, "relay", "popup,width=300,height=200");
    }, `http://127.0.0.1:${port}/`);
    await relay.connected.promise;
    await page.bringToFront();
    return relay;
  }

  /** Resolves when the page has the message. */
  async post(message: unknown): Promise<void> {
    const stream = await this.connected.promise;
    const taken = new Promise<void>((resolve) => this.waiting.push(resolve));
    stream.write(`${JSON.stringify(message)}\n`);
    await taken;
  }

  /** Gives up messages under way. */
  close(): void {
    this.server.closeAllConnections();
    this.server.close();
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private answer({ url, method }: IncomingMessage, response: ServerResponse): void {
    if (url === "/messages") {
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      response.flushHeaders();
      this.connected.resolve(response);
    } else if (url === "/taken" && method === "POST") {
      this.waiting.shift()?.();
      response.end();
    } else response.setHeader("content-type", "text/html").end(WINDOW);
  }
}
