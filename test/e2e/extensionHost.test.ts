import assert from "node:assert/strict";
import Mocha from "mocha";
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
    results = await runExtensionTests(extensionTestFiles(), TIMEOUT_MS);
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
