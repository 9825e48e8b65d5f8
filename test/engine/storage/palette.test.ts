import assert from "node:assert/strict";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../../../engine/protocol/errors.ts";
import { PALETTE_FILE, keepPalette, knownPalette, readPalette } from "../../../engine/storage/palette.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

const arms = (...names: readonly string[]): Parameters<typeof keepPalette>[1] =>
  names.map((name) => ({ name, isArm: true }));

describe("the palette of a root", () => {
  it("keeps what looks arms have had, and adds those that join", () =>
    inTemporaryFolder(async (root) => {
      assert.deepEqual({ ...(await readPalette(root)) }, {});
      await keepPalette(root, arms("ppo", "salsa"));
      await keepPalette(root, arms("new", "salsa", "ppo"));
      assert.deepEqual({ ...(await readPalette(root)) }, { ppo: 0, salsa: 1, new: 2 });
      const before = await readFile(join(root, PALETTE_FILE), "utf8");
      await keepPalette(root, arms("salsa"));
      assert.equal(await readFile(join(root, PALETTE_FILE), "utf8"), before);
    }));

  it("is empty where its file is none, and that file stays as it is", () =>
    inTemporaryFolder(async (root) => {
      for (const text of ["", "{", "[]", '{"version":2,"places":[]}', '{"version":1,"places":[["a",99]]}']) {
        await writeFile(join(root, PALETTE_FILE), text);
        await assert.rejects(readPalette(root), DataError);
        assert.deepEqual({ ...(await knownPalette(root)) }, {});
        await keepPalette(root, arms("ppo"));
        assert.equal(await readFile(join(root, PALETTE_FILE), "utf8"), text);
      }
    }));

  it("is read through no link", () =>
    inTemporaryFolder(async (folder) => {
      const root = join(folder, "root");
      await mkdir(root);
      await writeFile(join(folder, "elsewhere"), '{"version":1,"places":[["ppo",3]]}');
      await symlink(join(folder, "elsewhere"), join(root, PALETTE_FILE));
      await assert.rejects(readPalette(root), DataError);
    }));

  it("lets a run begin where it cannot be written", () =>
    inTemporaryFolder(async (folder) => {
      await writeFile(join(folder, "file"), "");
      await keepPalette(join(folder, "file"), arms("ppo"));
    }));
});
