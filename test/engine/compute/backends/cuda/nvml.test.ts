import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cardMeter } from "../../../../../engine/compute/backends/cuda/nvml.ts";
import { hasCompiler } from "./compiler.ts";

const CARD = "00112233445566778899aabbccddeeff";

describe("how busy a card is", () => {
  it("is not said where the library is missing", () => {
    assert.equal(cardMeter(CARD, "libnvml-that-is-not-there.so")(), undefined);
  });

  if (process.platform !== "linux" || !hasCompiler()) return;
  let folder = "";
  let file = "";

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "salsa-libnvml-"));
    file = join(folder, "libnvml.so");
    execFileSync("cc", ["-shared", "-fPIC", "-O1", join(import.meta.dirname, "libnvml.c"), "-o", file]);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("is asked of the card with its UUID, each time anew, with its power where it knows that", () => {
    const meter = cardMeter(CARD, file);
    assert.deepEqual(meter(), { busy: 0.87, watts: 412.5 });
    assert.deepEqual(meter(), { busy: 0.88, watts: 412.5 });
    assert.deepEqual(cardMeter("71".repeat(16), file)(), { busy: 0.89 });
  });

  it("is not said of a card that the library does not know, or by a library that is none", () => {
    assert.equal(cardMeter("ff".repeat(16), file)(), undefined);
    assert.equal(cardMeter(CARD, "libc.so.6")(), undefined);
  });
});
