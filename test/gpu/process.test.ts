import assert from "node:assert/strict";
import { type Done, runPart } from "./process.ts";

/** A part of four cases, whose process does at each case what the script says. */
async function run(
  script: string,
  limits: { readonly seconds?: number; readonly caseSeconds?: number } = {},
): Promise<Done> {
  const program = `
    const say = (line) => console.log(JSON.stringify(line));
    const cases = ["a", "b", "c", "d"];
    for (let number = Number(process.argv[1]); number < cases.length; number++) {
      const title = cases[number];
      say({ kind: "begin", title, number });
      const pass = () => say({ kind: "case", title, ms: 1 });
      const fail = (error) => say({ kind: "case", title, ms: 1, error });
      ${script}
    }`;
  return runPart({
    name: "part",
    command: (from) => ({ file: process.execPath, args: ["-e", program, String(from)] }),
    seconds: limits.seconds ?? 60,
    ...(limits.caseSeconds !== undefined && { caseSeconds: limits.caseSeconds }),
  });
}

describe("a part in processes of its own", () => {
  it("passes where all cases pass, whatever else is printed", async () => {
    const { report } = await run('console.log("warning: something"); pass();');
    assert.equal(report.state, "passed");
    assert.deepEqual([report.passed, report.failures], [4, []]);
  });

  it("names the cases that fail, with the number that differs, and goes on", async () => {
    const { report } = await run('if (title === "b") fail("out0[3]: got 1, expected 2"); else pass();');
    assert.equal(report.state, "failed");
    assert.deepEqual([report.passed, report.failures], [3, [{ case: "b", error: "out0[3]: got 1, expected 2" }]]);
  });

  it("goes on in a new process behind a case that loses the card", async () => {
    const { report } = await run(
      'if (title === "b") { fail("illegal address"); say({ kind: "lost" }); process.exit(0); } pass();',
    );
    assert.deepEqual([report.passed, report.failures], [3, [{ case: "b", error: "illegal address" }]]);
  });

  it("goes on behind a case that ends its process", async () => {
    const { report } = await run('if (title === "c") { console.error("aborted"); process.exit(9); } pass();');
    assert.equal(report.passed, 3);
    assert.deepEqual(report.failures, [{ case: "c", error: "the process ended with 9: aborted" }]);
  });

  it("goes on behind a case that hangs", async () => {
    const { report } = await run('if (title === "a") { setInterval(() => {}, 1000); break; } pass();', {
      caseSeconds: 1,
    });
    assert.equal(report.passed, 3);
    assert.deepEqual(report.failures, [{ case: "a", error: "took longer than 1 s" }]);
  });

  it("ends when its time is up, and keeps what it has measured until then", async () => {
    const { report, measured } = await run(
      'pass(); if (title === "b") { say({ kind: "measure", name: "rate", value: 7 }); setInterval(() => {}, 1000); break; }',
      { seconds: 2 },
    );
    assert.equal(report.state, "out of time");
    assert.equal(report.passed, 2);
    assert.deepEqual([...measured], [["rate", 7]]);
  });

  it("says so where the program cannot be started", async () => {
    const { report } = await runPart({
      name: "part",
      seconds: 5,
      command: () => ({ file: "/no/such/program", args: [] }),
    });
    assert.equal(report.state, "failed");
    assert.match(report.failures?.[0]?.error ?? "", /ENOENT/);
  });
});
