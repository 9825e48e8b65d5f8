import assert from "node:assert/strict";
import Mocha from "mocha";
import { LACK, Sshd } from "../cluster/sshd.ts";
import { DEMO_MS, demoFolder } from "../extension/demoRun.ts";
import { describeInVsCode } from "./host/browser.ts";
import { extensionTestFiles, runExtensionTests } from "./host/extensionTests.ts";
import type { TestResult } from "./host/insideHost.ts";

const TIMEOUT_MS = 300_000;

describeInVsCode("inside the extension host", function () {
  this.timeout(TIMEOUT_MS + DEMO_MS);
  let results: readonly TestResult[] = [];

  before(async () => {
    demoFolder();
    // The ssh that is first in PATH from then on knows a host that is one; started as by its command line, VS Code leaves PATH
    // as it is.
    const sshd = LACK === undefined ? await Sshd.start() : undefined;
    if (sshd === undefined) process.stdout.write(`*** NOT TESTED: Run on Host, ${LACK}\n`);
    try {
      const env = sshd === undefined ? {} : { SALSA_TEST_HOST: sshd.host, VSCODE_CLI: "1" };
      results = await runExtensionTests(extensionTestFiles(), TIMEOUT_MS, env);
    } finally {
      await sshd?.stop();
    }
    // Reports each test that ran there by its name, as if it had run here.
    for (const { titles, error } of results) {
      const told = new Mocha.Test(titles.join(" · "), () => {
        if (error !== undefined) assert.fail(error);
      });
      this.addTest(told);
    }
  });

  it("there are tests, and mocha ran them to the end", () => assert.ok(results.length > 0));
});
