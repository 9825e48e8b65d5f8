import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The nonce that scripts of a page must carry. */
export const NONCE = "c2Fsc2E";

/** Styles that VS Code itself gives to a web view. */
const EDITOR_CSS = `
body { margin: 0; padding: 0 20px; background-color: var(--vscode-editor-background); color: var(--vscode-editor-foreground);
  font-family: var(--vscode-font-family); font-weight: var(--vscode-font-weight); font-size: var(--vscode-font-size); }`;

interface Served {
  readonly type: string;
  readonly body: string | Buffer;
}

const codicon = (name: string): Promise<Buffer> => readFile(join(ROOT, "node_modules/@vscode/codicons/dist", name));

const files: Readonly<Record<string, (origin: string) => Served | Promise<Served>>> = {
  "/": (origin) => ({ type: "text/html", body: htmlFor(origin, false) }),
  "/audited": (origin) => ({ type: "text/html", body: htmlFor(origin, true) }),
  "/editor.css": () => ({ type: "text/css", body: EDITOR_CSS }),
  "/codicon.css": async () => ({ type: "text/css", body: await codicon("codicon.css") }),
  "/codicon.ttf": async () => ({ type: "font/ttf", body: await codicon("codicon.ttf") }),
  "/favicon.ico": () => ({ type: "image/x-icon", body: "" }),
};

/** An empty page under a policy as strict as the extension's: no inline styles or scripts, nothing from elsewhere. */
function htmlFor(origin: string, isAudited: boolean): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${NONCE}'`,
    `style-src ${isAudited ? "'unsafe-inline' " : ""}${origin}`,
    `font-src ${origin}`,
    `img-src ${origin} data: blob:`,
  ];
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Dashboard</title>
    <meta http-equiv="Content-Security-Policy" content="${policy.join("; ")}" />
    <link rel="stylesheet" href="${origin}/editor.css" />
    <link rel="stylesheet" href="${origin}/codicon.css" id="vscode-codicon-stylesheet" nonce="${NONCE}" />
  </head>
  <body></body>
</html>`;
}

const bundled = new Map<string, Promise<string>>();

/** A web view's script: built once a process. */
function bundle(entry: string): Promise<string> {
  const known = bundled.get(entry) ?? built(entry);
  bundled.set(entry, known);
  return known;
}

async function built(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, entry)],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    loader: { ".css": "text" },
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

let site: Promise<string> | undefined;

/**
 * Serves the pages, scripts and styles of web views on loopback, one server a process. A browser may keep them, as VS
 * Code's do: a page loads the icons' style sheet once for each of its shadow roots.
 *
 * @returns Its origin.
 */
export function siteOrigin(): Promise<string> {
  return (site ??= serve());
}

async function serve(): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", origin);
    const file = files[pathname];
    const script = pathname.endsWith(".js") ? bundle(pathname.slice(1, -".js".length)) : undefined;
    const served =
      script === undefined
        ? Promise.resolve(file?.(origin))
        : script.then((body): Served => ({ type: "text/javascript", body }));
    served.then(
      (found) => {
        response.writeHead(found === undefined ? 404 : 200, {
          "content-type": found?.type ?? "text/plain",
          "cache-control": "max-age=3600",
        });
        response.end(found?.body ?? "");
      },
      (error: unknown) => {
        response.writeHead(500).end(String(error));
      },
    );
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return origin;
}
