import assert from "node:assert/strict";
import { diagnose } from "../../../engine/cli/diagnosis.ts";
import { doctorMarkdown } from "../../../extension/commands/doctorMarkdown.ts";

const place = { extension: "0.1.0", editor: "1.100.0", platform: "linux-x64" };

describe("a diagnosis for people", () => {
  it("tells what is missing first, with its remedy", () => {
    const text = doctorMarkdown(
      {
        findings: [
          { name: "Node", state: "ok", detail: "v24" },
          { name: "git", state: "optional", detail: "not found", remedy: "install git" },
          { name: "disk space", state: "missing", detail: "1 MiB free", remedy: "free 1 GiB" },
        ],
      },
      place,
    );
    const rows = text.split("\n").filter((line) => line.startsWith("| "));
    assert.match(text, /One required thing is missing/);
    assert.deepEqual(rows.slice(2), [
      "| ✗\u00a0missing | disk space | 1 MiB free | free 1 GiB |",
      "| –\u2060\u00a0optional | git | not found | install git |",
      "| ✓\u00a0ok | Node | v24 |  |",
    ]);
  });

  it("tells why the engine does not start, and what to do", () => {
    const text = doctorMarkdown({ findings: [], problem: "The Node at /x was made for another processor" }, place);
    assert.match(text, /The engine does not start/);
    assert.match(text, /made for another processor/);
    assert.match(text, /`salsa\.nodePath`/);
    assert.match(text, /SALSA 0\.1\.0 in VS Code 1\.100\.0 on `linux-x64`/);
  });

  it("has a line for everything that the engine looks at on this machine", async () => {
    const findings = await diagnose(import.meta.dirname);
    const rows = doctorMarkdown({ findings }, place)
      .split("\n")
      .filter((line) => line.startsWith("| "));
    assert.equal(rows.length, findings.length + 2);
  });
});
