import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { findGit, runGit } from "../../../../engine/pipeline/git/program.ts";
import { programCandidates } from "../../../../engine/pipeline/programs.ts";
import { withScene } from "./hostileRepository.ts";

describe("programCandidates", () => {
  it("are in the order of PATH, and never in the workspace", () => {
    const env = { PATH: "/work/bin:/usr/local/bin::.:node_modules/.bin:/work-2/bin:/usr/bin" };
    const found = programCandidates("git", { env, platform: "linux", workspace: "/work" });
    assert.deepEqual(found, ["/usr/local/bin/git", "/work-2/bin/git", "/usr/bin/git"]);
  });

  it("do not leave everything out when the workspace is the root of a disk", () => {
    const search = { env: { PATH: "/usr/bin" }, platform: "linux", workspace: "/" } as const;
    assert.deepEqual(programCandidates("git", search), ["/usr/bin/git"]);
  });

  it("leave out git.exe in the workspace and on servers, and git.cmd anywhere, on Windows", () => {
    const Path = ["", ".", "C:\\Work\\tools", "\\\\server\\bin", "C:\\Program Files\\Git\\cmd", "git", "\\bin"].join(
      ";",
    );
    const found = programCandidates("git", { env: { Path }, platform: "win32", workspace: "c:\\work" });
    assert.deepEqual(found, ["C:\\Program Files\\Git\\cmd\\git.exe"]);
  });
});

if (process.platform !== "win32")
  describe("git", () => {
    it("is not taken from the workspace, even if PATH leads there by a link", async () => {
      await withScene(async ({ folder, top, trap }) => {
        await fs.mkdir(path.join(top, "bin"));
        await fs.copyFile(trap, path.join(top, "bin/git"));
        await fs.symlink(path.join(top, "bin"), path.join(folder, "link"));
        const before = process.env["PATH"];
        try {
          process.env["PATH"] = `${top}/bin:${folder}/link:${before ?? ""}`;
          const found = await findGit(top);
          assert.ok(found !== undefined && !found.startsWith(folder), found);
        } finally {
          process.env["PATH"] = before;
        }
      });
    });

    it("sees nothing of this process's variables that would redirect it", async () => {
      await withScene(async ({ top, commit, trap, wasRun, folder }) => {
        const variables = {
          GIT_DIR: folder,
          GIT_CONFIG_COUNT: "1",
          GIT_CONFIG_KEY_0: "core.fsmonitor",
          GIT_CONFIG_VALUE_0: trap,
        };
        Object.assign(process.env, variables);
        try {
          const program = (await findGit(top)) ?? "";
          const { text } = await runGit(["-C", top, "rev-parse", "HEAD"], { program });
          assert.equal(text.trim(), commit);
          assert.equal(await wasRun(), false);
        } finally {
          for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
        }
      });
    });

    it("ends once it has printed more than is wanted", async () => {
      await withScene(async ({ top, write }) => {
        await write("a.txt", "0123456789\n".repeat(500_000));
        const program = (await findGit(top)) ?? "";
        const output = await runGit(["-C", top, "diff"], { program, most: 1000 });
        assert.deepEqual([output.text.length, output.isWhole], [1000, false]);
      });
    });
  });
