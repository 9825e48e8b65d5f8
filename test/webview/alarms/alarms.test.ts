import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { describeAlarm } from "../../../engine/protocol/alarms.ts";
import type { EventBody, RunEvent } from "../../../engine/protocol/events.ts";
import { axeViolations } from "../axe.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend, type FixtureRun } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";
import { THEMES } from "../webView.ts";
import { BEGIN, recording } from "../recording.ts";

/** Cut off in the middle of an arm. */
const CUT_OFF = recording({ until: 900 });
const QUIET: FixtureRun = { ...demoRun(), events: CUT_OFF.filter(({ kind }) => kind !== "alarm") };
const ALARM: EventBody = {
  kind: "alarm",
  stage: "ppo",
  step: 12,
  name: "gibberish",
  message: "KL is 1.32 nats per token",
};

describeInBrowser("the alarms view", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(...more: readonly EventBody[]): Promise<Page> {
    return shown(more);
  }

  async function shown(more: readonly EventBody[], strings: Readonly<Record<string, string>> = {}): Promise<Page> {
    const events = QUIET.events.map((event, sequence): RunEvent => ({ ...event, sequence }));
    const time = events.at(-1)?.time ?? BEGIN;
    const added = more.map((body, index): RunEvent => ({ ...body, time, sequence: events.length + index }));
    const run = { ...QUIET, events: [...events, ...added] };
    const focus = { view: "alarms", runs: [run.folder] } as const;
    open = await openDashboard(browser(), fixtureBackend([run]), { focus, strings });
    return open.page;
  }

  const stopped: EventBody = { kind: "runFinished", status: "stopped", seconds: 1 };

  it("says what was seen, why it matters and what to try", async () => {
    const page = await show(ALARM, stopped);
    const kind = page.getByRole("region", { name: "Gibberish" });
    await kind.getByText("KL is 1.32 nats per token").waitFor();
    await kind.getByText("the reward model was never trained to judge").waitFor();
    await kind.getByRole("listitem").filter({ hasText: "Raise beta" }).getByText("rlhf.beta").waitFor();
  });

  it("draws the metric around the step, and leads to it and to its samples", async () => {
    const page = await show(ALARM, stopped);
    await page.getByRole("button", { name: /^KL to reference \S+ at step 12; / }).waitFor();
    await page.getByRole("button", { name: "Read Samples at This Step" }).click();
    assert.deepEqual(open?.focuses.at(-1)?.place, { stage: "ppo", step: 12 });
    assert.equal(open.focuses.at(-1)?.view, "samples");
    await page.getByRole("tab", { name: "Alarms" }).click();
    await page.getByRole("button", { name: "Show in Metrics", exact: true }).click();
    assert.equal(open.focuses.at(-1)?.view, "metrics");
  });

  it("brings the alarm that a message leads to into sight, of many", async () => {
    const many = Array.from({ length: 30 }, (_, at): EventBody => ({ ...ALARM, step: at + 1 }));
    const page = await show(...many, stopped);
    await page.getByRole("article", { name: "ppo, step 1", exact: true }).waitFor();
    assert.ok(open);
    await open.send({
      kind: "show",
      focus: { view: "alarms", runs: [QUIET.folder], place: { stage: "ppo", step: 28 } },
    });
    const alarm = page.getByRole("article", { name: "ppo, step 28", exact: true });
    await page.locator("article.placed").waitFor();
    const isSeen = await alarm.evaluate((one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return top >= 0 && bottom <= window.innerHeight && one.matches(":focus");
    });
    assert.ok(isSeen);
  });

  it("raises an alarm by itself when a run that says it works has long been silent", async () => {
    const page = await show(); // its last event is months old
    await page.getByRole("region", { name: "Stalled" }).getByText("the run has reported nothing for").waitFor();
  });

  it("shows the last words of a run that failed, and the ways on", async () => {
    const failed: EventBody = { kind: "runFailed", error: "NumericalError", message: "the loss is NaN", stage: "ppo" };
    const page = await show(failed);
    const notice = page.locator("salsa-alarms").getByRole("alert");
    await notice.getByText("The run failed in ppo").waitFor();
    await notice.getByText("NumericalError: the loss is NaN").waitFor();
    for (const label of ["Retry", "Show Log"]) await notice.getByText(label, { exact: true }).click();
    const commands = open?.asked.flatMap(({ method, params }) => (method === "command" ? [params.command] : []));
    assert.deepEqual(commands, ["salsa.retry", "salsa.showLog"]);
  });

  it("says all of it in the editor's language", async () => {
    const message = "KL is 1.32 nats per token; the policy has left the reference and may write gibberish";
    const { why, actions } = describeAlarm("gibberish");
    const page = await shown([{ ...ALARM, message }, stopped], {
      Gibberish: "Kauderwelsch",
      [why]: "Der Text ist wohl Rauschen.",
      [actions[0]?.text ?? ""]: "Beta erhöhen",
      "KL is {0} nats per token; the policy has left the reference and may write gibberish": "{0} nats KL je Token",
    });
    const kind = page.getByRole("region", { name: "Kauderwelsch" });
    await kind.getByText("1.32 nats KL je Token").waitFor();
    await kind.getByText("Der Text ist wohl Rauschen.").waitFor();
    await kind.getByRole("listitem").filter({ hasText: "Beta erhöhen" }).waitFor();
  });

  it("says what is watched for when nothing was seen", async () => {
    const page = await show(stopped);
    await page.getByText("Nothing unusual was found").waitFor();
    await page.getByText("KL-hack: responses collapse").waitFor();
  });

  for (const theme of THEMES) {
    it(`has no serious violation for axe in the ${theme} theme`, async () => {
      const page = await show(ALARM, {
        kind: "runFailed",
        error: "NumericalError",
        message: "the loss is NaN",
        stage: "ppo",
      });
      await open?.setTheme(theme);
      await page.getByRole("region", { name: "Gibberish" }).waitFor();
      assert.deepEqual(await axeViolations(page), []);
    });
  }
});
