import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { gitState } from "../../../../engine/pipeline/git/index.ts";
import { namesOutside } from "../../../../engine/pipeline/git/workTree.ts";
import { renameInIndex, runAsUser, withScene } from "./hostileRepository.ts";

describe("gitState", () => {
  it("gives commit, branch and what has changed", async () => {
    await withScene(async ({ top, commit, git, write }) => {
      const { diff = "", ...state } = (await gitState(top)) ?? {};
      assert.deepEqual(state, { commit, branch: "main", dirty: true });
      assert.equal(diff, `${git("diff", "HEAD")}\n`);
      await write("a.txt", "one\n");
      assert.deepEqual(await gitState(top), { commit, branch: "main", dirty: false, diff: "" });
      await write("new.txt", "");
      assert.deepEqual(await gitState(top), { commit, branch: "main", dirty: true, diff: "" });
      await write(".git/info/exclude", "new.txt\n");
      assert.equal((await gitState(top))?.dirty, false);
      git("checkout", "-q", "--detach");
      assert.equal((await gitState(top))?.branch, "detached");
    });
  });

  it("finds the repository of a folder below, and of linked work trees and submodules", async () => {
    await withScene(async ({ folder, top, commit, git, write }) => {
      await write("configs/x", "");
      assert.equal((await gitState(path.join(top, "configs")))?.commit, commit);
      git("worktree", "add", "-q", "-b", "side", "../linked");
      await fs.writeFile(path.join(folder, "linked/a.txt"), "one\nthree\n");
      const linked = await gitState(path.join(folder, "linked"));
      assert.deepEqual([linked?.commit, linked?.branch, linked?.dirty], [commit, "side", true]);
      assert.match(linked?.diff ?? "", /^\+three$/m);
      runAsUser(folder, "clone", "-q", top, "other");
      runAsUser(path.join(folder, "other"), "submodule", "--quiet", "add", top, "sub");
      assert.deepEqual(await gitState(path.join(folder, "other/sub")), {
        commit,
        branch: "main",
        dirty: false,
        diff: "",
      });
    });
  });

  it("is undefined without a repository or a commit", async () => {
    await withScene(async ({ folder }) => {
      assert.equal(await gitState(folder), undefined);
      await fs.mkdir(path.join(folder, "empty"));
      runAsUser(path.join(folder, "empty"), "init", "-q");
      assert.equal(await gitState(path.join(folder, "empty")), undefined);
      assert.equal(await gitState(path.join(folder, "missing")), undefined);
    });
  });

  it("writes nothing into the repository", async () => {
    await withScene(async ({ top }) => {
      const file = path.join(top, ".git/index");
      await fs.utimes(path.join(top, ".gitattributes"), 1, 1); // an index that could do with a refresh
      const before = await fs.readFile(file);
      await gitState(top);
      assert.deepEqual(await fs.readFile(file), before);
    });
  });

  it("keeps a long diff to a million bytes", async () => {
    await withScene(async ({ top, write }) => {
      await write("a.txt", "0123456789\n".repeat(200_000));
      const { diff = "" } = (await gitState(top)) ?? {};
      assert.ok(diff.length > 900_000 && diff.length <= 1_000_000);
      assert.ok(diff.endsWith("\n+0123456789\n"));
    });
  });
});

describe("a repository that points elsewhere", () => {
  it("does not get at files outside by core.worktree", async () => {
    await withScene(async ({ folder, top, git, write }) => {
      await fs.writeFile(path.join(folder, "private"), "my secret\n");
      await write("private", "");
      git("add", "private");
      await fs.rm(path.join(top, "private"));
      git("config", "core.worktree", folder);
      const { diff = "" } = (await gitState(top)) ?? {};
      assert.doesNotMatch(diff, /my secret/);
      assert.match(diff, /^\+two$/m);
    });
  });

  it("does not get at files outside by a name in its index", async () => {
    await withScene(async ({ folder, top, git, write }) => {
      await fs.writeFile(path.join(folder, "private"), "my secret\n");
      await write("--/private", "");
      git("add", ".");
      await renameInIndex(path.join(top, ".git/index"), "--/private", "../private");
      const { diff = "", dirty } = (await gitState(top)) ?? {};
      assert.doesNotMatch(diff, /my secret/);
      assert.equal(dirty, true);
    });
  });

  it("does not get at files outside by a folder that has become a link", async () => {
    await withScene(async ({ folder, top, git, write }) => {
      await fs.mkdir(path.join(folder, "outside"));
      await fs.writeFile(path.join(folder, "outside/private"), "my secret\n");
      await write("inside/private", "x\n");
      git("add", ".");
      git("commit", "-q", "-m", "d");
      await fs.rm(path.join(top, "inside"), { recursive: true });
      await fs.symlink(path.join(folder, "outside"), path.join(top, "inside"));
      const { diff = "" } = (await gitState(top)) ?? {};
      assert.match(diff, /^-x$/m);
      assert.doesNotMatch(diff, /my secret/);
    });
  });

  it("does not show another repository by a .git that leads there", async () => {
    await withScene(async ({ folder, top }) => {
      const evil = path.join(folder, "evil");
      await fs.mkdir(evil);
      await fs.writeFile(path.join(evil, ".git"), `gitdir: ${top}/.git\n`);
      assert.equal(await gitState(evil), undefined);
      await fs.rm(path.join(evil, ".git"));
      await fs.symlink(path.join(top, ".git"), path.join(evil, ".git"));
      assert.equal(await gitState(evil), undefined);
      await fs.rm(path.join(evil, ".git"));
      runAsUser(evil, "init", "-q");
      await fs.writeFile(path.join(evil, ".git/commondir"), `${top}/.git\n`);
      assert.equal(await gitState(evil), undefined);
      await fs.rename(path.join(evil, ".git"), path.join(evil, "tree"));
      await fs.writeFile(path.join(evil, ".git"), "gitdir: tree\n");
      await fs.writeFile(path.join(evil, "tree/gitdir"), "../.git\n");
      assert.equal(await gitState(evil), undefined);
    });
  });

  if (process.platform !== "win32")
    it("does not hold a run up by a pipe in place of a file", async () => {
      await withScene(async ({ top }) => {
        await fs.rm(path.join(top, ".git/HEAD"));
        execFileSync("mkfifo", [path.join(top, ".git/HEAD")]);
        assert.equal(await gitState(top), undefined);
      });
    });

  it("is recognized by the names in an index, on every system", () => {
    for (const name of ["../a", "a/../b", "/a", "a/..", "./a"]) assert.ok(namesOutside(`b\0${name}\0`, "linux"), name);
    for (const name of ["a..b", "..a", "a/...", "C:a", ".a", "a\\..\\b"])
      assert.ok(!namesOutside(`b\0${name}\0`, "linux"), name);
    for (const name of ["..\\a", "a\\..\\b", "C:\\a", "c:a", "\\\\server\\share", "a/../b"])
      assert.ok(namesOutside(`b\0${name}\0`, "win32"), name);
    assert.ok(!namesOutside("a\0b/c\0", "win32"));
  });
});
