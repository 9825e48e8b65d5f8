const { Runner, reporters } = require("mocha");

/** Mocha's spec reporter, with what a test that is tried again failed on, and closed by "N passed, N failed". */
module.exports = class Totals extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.on(Runner.constants.EVENT_TEST_RETRY, (test, error) => {
      process.stdout.write(`tried again: ${test.fullTitle()}\n${error.stack ?? error.message}\n`);
    });
  }

  epilogue() {
    super.epilogue();
    process.stdout.write(`${this.stats.passes} passed, ${this.stats.failures} failed\n`);
  }
};
