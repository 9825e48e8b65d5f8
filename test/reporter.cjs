/** Mocha's spec reporter, closed by the one line that adds up every suite: "N passed, N failed". */
const { reporters } = require("mocha");

module.exports = class Totals extends reporters.Spec {
  epilogue() {
    super.epilogue();
    process.stdout.write(`${this.stats.passes} passed, ${this.stats.failures} failed\n`);
  }
};
