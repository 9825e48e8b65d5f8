import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { BACKENDS } from "../../engine/compute/backends/index.ts";
import { allBackends, descriptorOf } from "../../engine/compute/backends/registry.ts";
import { BACKEND_CHOICES, configTable } from "../../engine/config/index.ts";

const FOLDER = join(import.meta.dirname, "../../engine/compute/backends");

describe("the list of backends", () => {
  it("has every folder that declares one, and each name once", async () => {
    const entries = await readdir(FOLDER, { recursive: true });
    const folders = entries
      .filter((file) => /^\w+[/\\]declaration\.ts$/.test(file))
      .map((file) => file.split(/[/\\]/)[0]);
    assert.deepEqual(BACKENDS.map(({ name }) => name).sort(), folders.sort());
  });

  it("is what a config may ask for, after auto, and what the docs explain", () => {
    assert.deepEqual(BACKEND_CHOICES, ["auto", ...BACKENDS.map(({ name }) => name)]);
    const row = JSON.stringify(configTable());
    for (const { description } of BACKENDS) assert.ok(row.includes(description), description);
  });

  it("comes with code in the same order", async () => {
    assert.deepEqual(
      (await allBackends()).map(({ name }) => name),
      BACKENDS.map(({ name }) => name),
    );
  });

  for (const declared of BACKENDS) {
    describe(declared.name, () => {
      it("declares itself once: its code knows the same name, title and revision", async () => {
        assert.deepEqual({ ...declared }, pick(await descriptorOf(declared.name), Object.keys(declared)));
        assert.ok(Number.isInteger(declared.revision));
      });

      it("says where it would compute or what it lacks, without changing its mind", async () => {
        const descriptor = await descriptorOf(declared.name);
        const found = await descriptor.probe({ threads: 2 });
        assert.deepEqual(await descriptor.probe({ threads: 2 }), found);
        for (const { isThere, remedy } of found.parts) assert.equal(remedy === undefined, isThere);
        if (found.isAvailable) {
          assert.equal(new Set(found.devices.map(({ id }) => id)).size, found.devices.length);
          for (const { name } of found.devices) assert.ok(name.startsWith(declared.name), name);
        } else assert.ok(found.reason.length > 0 && found.remedy.length > 0);
      });

      it("opens on each of its devices, under its own name and within the limits it said", async function () {
        const descriptor = await descriptorOf(declared.name);
        const found = await descriptor.probe({ threads: 1 });
        if (!found.isAvailable) return;
        await descriptor.load();
        for (const device of found.devices) {
          const backend = await descriptor.open({ threads: 1, roomier: [] }, device);
          assert.equal(backend.name, declared.name);
          assert.ok((backend.limits.maxBytes ?? Infinity) <= (device.limits.maxBytes ?? Infinity));
          assert.equal(backend.memory.allocatedBytes, 0);
          await backend.close();
        }
      });

      it("tells, when memory runs out, of the backends that hold more", async function () {
        const descriptor = await descriptorOf(declared.name);
        const found = await descriptor.probe({ threads: 1 });
        if (!found.isAvailable) return;
        const backend = await descriptor.open({ threads: 1, roomier: ["another"] }, found.devices[0]);
        assert.throws(() => backend.allocate({ shape: [2 ** 46], dtype: "f32" }), /or runtime\.backend another, which/);
        await backend.close();
      });
    });
  }
});

function pick(from: object, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([key]) => keys.includes(key)));
}
