import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { type HostProgram, installHost } from "./install.ts";

/** How a host is started. */
export interface HostOptions {
  /** Packaged extensions to install. */
  readonly vsix?: readonly string[];
  /** Folder that is copied to be the workspace. */
  readonly workspace?: string;
  /** Files to write into the workspace, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Folder to open where it is, instead of a workspace of the host's own. */
  readonly folder?: string;
  /** Folder for the profile and the extensions, which is kept; otherwise a temporary one. */
  readonly home?: string;
  /** User settings over those that keep the workbench quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Begins with the folder not trusted and asks about it, as for a person; otherwise all is trusted. */
  readonly trustPrompt?: boolean;
  /** Lets the page say which extension and which tests to load; hides notifications and dialogs. */
  readonly driver?: boolean;
  /** Environment over the host's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Program and arguments that the server's command line is put after, to start it within other limits. */
  readonly within?: readonly string[];
}

/** A running VS Code server with a profile of its own, in a temporary folder. */
export interface Host {
  /** "127.0.0.1:40123", as `vscode-remote:` URIs name it. */
  readonly authority: string;
  /** Folder that is opened. */
  readonly workspace: string;
  /** The user's data: settings, and logs in `User/..`. */
  readonly userData: string;
  /** Folder that extensions are installed in. */
  readonly extensions: string;
  /** Address of the workbench. `folder: ""` opens no folder. */
  url(query?: Readonly<Record<string, string>>): string;
  /** Output of the server so far. */
  output(): string;
  /** Ends the server. Of a temporary home, it also ends processes that run from it, detached or not, and removes it. */
  stop(): Promise<void>;
}

/** No first steps, no suggestions, nothing from elsewhere: the screen holds only SALSA, for people and for tests. */
const QUIET_SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "chat.disableAIFeatures": true,
  "git.enabled": false,
  "editor.quickSuggestionsDelay": 0,
  // In a browser it is on: files would change while a test looks at them.
  "files.autoSave": "off",
};

/** Starts VS Code's server on a free port of this machine, installing it first if need be. */
export async function startHost(options: HostOptions = {}): Promise<Host> {
  const program = installHost((line) => process.stderr.write(`${line}\n`));
  const root = options.home ?? (await fs.mkdtemp(join(tmpdir(), "salsa-vscode-")));
  const userData = join(root, "user");
  const workspace = options.folder ?? join(root, "workspace");
  await fs.mkdir(join(userData, "User"), { recursive: true });
  const settings = { ...QUIET_SETTINGS, ...options.settings };
  await fs.writeFile(join(userData, "User/settings.json"), JSON.stringify(settings, undefined, 2));
  await fillWorkspace(workspace, options);

  // Other users of this machine must not reach a server that runs programs.
  const token = randomUUID();
  const extensions = join(root, "extensions");
  const args = ["--user-data-dir", userData, "--extensions-dir", extensions];
  args.push("--server-data-dir", join(root, "server"), "--accept-server-license-terms", "--disable-telemetry");
  // A runtime folder of its own: runs must not queue behind those of others on this machine.
  const apart: Record<string, string> = options.home === undefined ? { SALSA_RUNTIME_DIR: join(root, "run") } : {};
  const env = hostEnvironment(root, { ...apart, ...options.env });
  for (const file of options.vsix ?? []) install(program, [...args, "--force", "--install-extension", file], env);
  args.push("--host", "127.0.0.1", "--port", "0", "--connection-token", token);
  if (options.trustPrompt !== true) args.push("--disable-workspace-trust");
  if (options.driver === true) args.push("--enable-smoke-test-driver");
  const server = await listen([...(options.within ?? []), program.node, program.entry, ...args], env);
  return {
    authority: `127.0.0.1:${server.port}`,
    workspace,
    userData,
    extensions,
    url: (query = {}) => {
      const parameters = new URLSearchParams({ folder: workspace, ...query, tkn: token });
      if (parameters.get("folder") === "") {
        parameters.delete("folder");
        parameters.set("ew", "true");
      }
      return `http://127.0.0.1:${server.port}/?${parameters.toString()}`;
    },
    output: server.output,
    stop: async () => {
      await server.stop();
      if (options.home !== undefined) return;
      endProcesses(root);
      await fs.rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

async function fillWorkspace(folder: string, { workspace, files = {} }: HostOptions): Promise<void> {
  await fs.mkdir(folder, { recursive: true });
  if (workspace !== undefined) await fs.cp(workspace, folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await fs.mkdir(dirname(join(folder, name)), { recursive: true });
    await fs.writeFile(join(folder, name), text);
  }
}

/** The environment of a user with an empty home; nothing of an editor or of npm that this may run under. */
function hostEnvironment(home: string, env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(VSCODE_|npm_|XDG_|NODE_OPTIONS$)/i.test(name));
  // Without a gallery, nothing is looked up on the network.
  return { ...Object.fromEntries(kept), HOME: home, EXTENSIONS_GALLERY: "{}", ...env };
}

function install({ node, entry }: HostProgram, args: readonly string[], env: NodeJS.ProcessEnv): void {
  execFileSync(node, [entry, ...args], { env, stdio: ["ignore", "ignore", "inherit"] });
}

/** Ends all that was started with a path in the folder, which no other program has in its command line. */
function endProcesses(folder: string): void {
  const { stdout } = spawnSync("pgrep", ["-f", folder], { encoding: "utf8" });
  for (const pid of stdout.split("\n").filter((line) => line !== "")) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

interface Server {
  readonly port: string;
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

async function listen(commandLine: readonly string[], env: NodeJS.ProcessEnv): Promise<Server> {
  const [program = "", ...args] = commandLine;
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const exit = once(child, "exit");
  let output = "";
  child.stderr.on("data", (text: Buffer) => (output += text.toString()));
  const port = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      output += `${line}\n`;
      const listening = /^Extension host agent listening on (\d+)/.exec(line);
      if (listening?.[1] !== undefined) resolve(listening[1]);
    });
    const fail = (): void => reject(new Error(`VS Code host: it ended before it listened:\n${output}`));
    exit.then(fail, reject);
  });
  return {
    port,
    output: () => output,
    stop: async () => {
      child.kill("SIGTERM");
      await exit;
    },
  };
}
