import assert from "node:assert/strict";
import type { CardOutput } from "../../../engine/protocol/toolOutput.ts";
import {
  confirmation,
  publishArguments,
  targetProblem,
  uploadMessage,
} from "../../../extension/commands/publishing.ts";

const sha256 = "0123456789abcdef".repeat(4);

const CARD: CardOutput = {
  kind: "card",
  card: "/c/README.md",
  edited: false,
  target: "me/tiny",
  public: false,
  files: [
    { path: "README.md", bytes: 1234, sha256 },
    { path: "model.safetensors", bytes: 420_696, sha256 },
  ],
  unlisted: [],
  notes: [],
};

describe("publishing from the editor", () => {
  it("uploads only with --yes, and to everybody only with --public", () => {
    const destination = { checkpoint: "/a", target: "me/tiny", isPublic: false };
    assert.deepEqual(publishArguments(destination, { isConfirmed: false }), ["publish", "/a", "--to", "me/tiny"]);
    assert.deepEqual(publishArguments({ ...destination, isPublic: true }, { isConfirmed: true }).slice(4), [
      "--public",
      "--yes",
    ]);
  });

  it("is confirmed with every file, sizes, target and visibility in sight", () => {
    const text = confirmation(CARD);
    assert.match(
      text,
      /^To me\/tiny, private: .*\n2 files, 422 kB:\nREADME\.md {2}1\.2 kB\nmodel\.safetensors {2}421 kB$/,
    );
    assert.match(
      confirmation({ ...CARD, public: true, unlisted: ["a", "b"], notes: ["n"] }),
      /^To me\/tiny, PUBLIC: anybody[^]*not uploaded: a, b\nn$/,
    );
    const many = Array.from({ length: 40 }, (_, at) => ({ path: `f${at}`, bytes: 1, sha256 }));
    assert.match(confirmation({ ...CARD, files: many }), /f29 {2}1 B\nand 10 more$/);
  });

  it("tells how far it is, with an estimate once there is one", () => {
    assert.equal(
      uploadMessage({ kind: "upload", doneBytes: 1000, totalBytes: 2000, secondsLeft: 61 }),
      "1.0 kB of 2.0 kB, 1 min 01 s left",
    );
    assert.equal(uploadMessage({ kind: "upload", doneBytes: 0, totalBytes: 2000 }), "0 B of 2.0 kB");
    for (const other of [undefined, CARD]) assert.equal(uploadMessage(other), undefined);
  });

  it("asks for owner and name", () => {
    assert.equal(targetProblem(" me/x_1.2 "), undefined);
    for (const wrong of ["", "me", "/x", "me/", "a/b/c", "me/é"])
      assert.match(targetProblem(wrong) ?? "", /owner\/name/);
  });
});
