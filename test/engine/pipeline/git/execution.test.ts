import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { gitState } from "../../../../engine/pipeline/git/index.ts";
import { runTiny, tiny } from "../tinyRun.ts";
import { type Scene, runAsUser, withScene } from "./hostileRepository.ts";

/** A setting of a repository that makes git execute something when its state is asked for. */
interface Trap {
  readonly what: string;
  readonly set: (scene: Scene) => Promise<unknown> | string;
}

const TRAPS: readonly Trap[] = [
  { what: "core.fsmonitor", set: ({ git, trap }) => git("config", "core.fsmonitor", trap) },
  { what: "diff.external", set: ({ git, trap }) => git("config", "diff.external", trap) },
  { what: "a diff driver's command", set: ({ git, trap }) => git("config", "diff.evil.command", trap) },
  { what: "textconv", set: ({ git, trap }) => git("config", "diff.evil.textconv", trap) },
  { what: "a clean filter", set: ({ git, trap }) => git("config", "filter.evil.clean", trap) },
  { what: "a process filter", set: ({ git, trap }) => git("config", "filter.evil.process", trap) },
  {
    what: "a filter that is required",
    set: ({ git, trap }) => {
      git("config", "filter.evil.required", "true");
      return git("config", "filter.evil.clean", trap);
    },
  },
  {
    what: "a hook",
    set: async ({ top, trap }) => {
      await fs.copyFile(trap, path.join(top, ".git/hooks/post-index-change"));
      await outdateIndex(top);
    },
  },
  {
    what: "core.hooksPath",
    set: async ({ git, write, top, trap }) => {
      await write("hooks/README", "");
      await fs.copyFile(trap, path.join(top, "hooks/post-index-change"));
      git("config", "core.hooksPath", "hooks");
      await outdateIndex(top);
    },
  },
  {
    what: "core.sshCommand, to fetch a missing object",
    set: (scene) => missing(scene, ["remote.evil.url", "ssh://evil/x"], ["core.sshCommand", scene.trap]),
  },
  {
    what: "a remote's command, to fetch a missing object",
    set: (scene) => missing(scene, ["remote.evil.url", `ext::${scene.trap}`], ["protocol.ext.allow", "always"]),
  },
  {
    what: "a submodule's core.fsmonitor",
    set: ({ folder, top, git, trap }) => {
      const inner = path.join(folder, "inner");
      runAsUser(folder, "init", "-q", inner);
      runAsUser(inner, "commit", "-q", "--allow-empty", "-m", "i");
      git("submodule", "--quiet", "add", inner, "sub");
      git("commit", "-q", "-m", "s");
      return runAsUser(path.join(top, "sub"), "config", "core.fsmonitor", trap);
    },
  },
  {
    what: "an included file",
    set: async ({ git, write, trap }) => {
      await write("settings", `[core]\n\tfsmonitor = ${trap}\n`);
      git("config", "include.path", "../settings");
    },
  },
];

/** These did not execute anything before either, and must not begin to. */
const HARMLESS: readonly Trap[] = [
  {
    what: "aliases",
    set: ({ git, trap }) =>
      ["status", "diff", "rev-parse"].map((name) => git("config", `alias.${name}`, `!${trap}`))[0] ?? "",
  },
  {
    what: "pagers",
    set: ({ git, trap }) =>
      ["core.pager", "pager.diff", "pager.status"].map((key) => git("config", key, trap))[0] ?? "",
  },
  { what: "core.editor", set: ({ git, trap }) => git("config", "core.editor", trap) },
  { what: "credential.helper", set: ({ git, trap }) => git("config", "credential.helper", trap) },
  { what: "gpg.program", set: ({ git, trap }) => git("config", "gpg.program", trap) },
];

/** Makes git write the index again when it looks at the files, if it may. */
async function outdateIndex(top: string): Promise<void> {
  await fs.utimes(path.join(top, ".gitattributes"), 1, 1);
}

/** Loses the committed text of `a.txt`, and says where it could be fetched. */
async function missing({ top, git }: Scene, ...settings: readonly (readonly [string, string])[]): Promise<void> {
  const blob = git("rev-parse", "HEAD:a.txt");
  await fs.rm(path.join(top, ".git/objects", blob.slice(0, 2), blob.slice(2)));
  const common = [
    ["core.repositoryFormatVersion", "1"],
    ["extensions.partialClone", "evil"],
    ["remote.evil.promisor", "true"],
  ] as const;
  for (const [key, value] of [...common, ...settings]) git("config", key, value);
}

// Programs are started by their first line, which Windows does not read.
if (process.platform !== "win32")
  describe("what a repository sets", () => {
    for (const { what, set } of [...TRAPS, ...HARMLESS])
      it(`executes nothing when a run starts: ${what}`, async () => {
        await withScene(async (scene) => {
          await set(scene);
          const state = await gitState(scene.top);
          assert.equal(await scene.wasRun(), false);
          assert.equal(state?.branch, "main");
          assert.equal(state.commit, scene.git("rev-parse", "HEAD"));
          assert.equal(state.dirty, true);
          if (!what.endsWith("missing object")) assert.match(state.diff, /^\+two$/m);
        });
      });

    it("executes nothing from a folder of the clone that looks like a repository", async () => {
      await withScene(async ({ top, commit, git, trap, write, wasRun }) => {
        const bare = path.join(top, "configs");
        git("init", "-q", "--bare", bare);
        for (const [key, value] of [
          ["core.bare", "false"],
          ["core.worktree", "."],
          ["core.fsmonitor", trap],
        ] as const)
          execFileSync("git", ["config", "--file", path.join(bare, "config"), key, value]);
        runAsUser(bare, "-c", "core.fsmonitor=false", "commit", "-q", "--allow-empty", "-m", "evil");
        await write("configs/my.salsa.json", "{}");
        const state = await gitState(bare);
        assert.equal(await wasRun(), false);
        assert.equal(state?.commit, commit);
      });
    });

    it("executes nothing in a whole run", async () => {
      await withScene(async ({ top, commit, git, trap, wasRun }) => {
        git("config", "core.fsmonitor", trap);
        const { folder } = await runTiny(tiny(), top, { signal: AbortSignal.abort() });
        const { git: recorded } = JSON.parse(await fs.readFile(path.join(folder, "run.json"), "utf8")) as {
          readonly git?: { readonly commit: string };
        };
        assert.equal(recorded?.commit, commit);
        assert.equal(await wasRun(), false);
      });
    });
  });
