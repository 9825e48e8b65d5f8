import assert from "node:assert/strict";
import type { ToDashboard } from "../../../engine/protocol/dashboard.ts";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import { emptyRunState } from "../../../engine/protocol/runState.ts";
import type { RunOutline } from "../../../engine/protocol/service.ts";
import { MOST_PENDING, Outbox } from "../../../extension/panels/outbox.ts";
import { summary } from "../runs/summary.ts";

/** Progress of one stage, numbered. */
function events(from: number, to: number): RunEvent[] {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  return numbers.map((sequence) => ({ kind: "progress", stage: "ppo", step: sequence, total: 9, time: 0, sequence }));
}

function outlineOf(folder: string): RunOutline {
  const { metrics: _, ...state } = emptyRunState("demo");
  return { ...state, folder, series: {} };
}

describe("Outbox", () => {
  /** A page that takes a message in when the test says so. */
  function page() {
    const posted: ToDashboard[] = [];
    const missed: string[] = [];
    let taken: (() => void) | undefined;
    let arrived: (() => void) | undefined;
    const outbox = new Outbox({
      post: (message) => {
        posted.push(message);
        arrived?.();
        return new Promise<void>((resolve) => (taken = resolve));
      },
      missed: (folder) => missed.push(folder),
    });
    const next = async (): Promise<ToDashboard | undefined> => {
      const n = posted.length;
      taken?.();
      if (posted.length === n) await new Promise<void>((resolve) => (arrived = resolve));
      return posted.at(-1);
    };
    return { outbox, posted, missed, next };
  }

  it("gathers what comes while a message is under way into one message", async () => {
    const { outbox, posted, next } = page();
    outbox.events({ folder: "/a", events: events(0, 1) });
    await next();
    for (let i = 1; i < 1000; i++) outbox.events({ folder: "/a", events: events(i, i + 1) });
    assert.equal(posted.length, 1);
    const second = await next();
    assert.deepEqual(second, { kind: "runEvents", folder: "/a", events: events(1, 1000) });
    assert.equal(posted.length, 2);
  });

  it("posts at once when the page is ready for more", async () => {
    const { outbox, posted, next } = page();
    for (let i = 0; i < 5; i++) {
      outbox.events({ folder: "/a", events: events(i, i + 1) });
      await next();
    }
    assert.equal(posted.length, 5);
  });

  it("takes runs in turn, lists before events", async () => {
    const { outbox, posted, next } = page();
    outbox.events({ folder: "/a", events: events(0, 1) });
    outbox.events({ folder: "/b", events: events(0, 1) });
    outbox.runs({ changed: [summary({ folder: "/a" })], removed: ["/c"] });
    for (let i = 0; i < 3; i++) await next();
    assert.deepEqual(
      posted.map((message) => ("folder" in message ? message.folder : message.kind)),
      ["runs", "/a", "/b"],
    );
  });

  it("tells of a run the last that is known", async () => {
    const { outbox, next } = page();
    outbox.runs({ changed: [summary({ folder: "/a", nAlarms: 1 }), summary({ folder: "/b" })], removed: [] });
    outbox.runs({ changed: [summary({ folder: "/a", nAlarms: 2 })], removed: ["/b"] });
    const changed = [summary({ folder: "/a", nAlarms: 2 })];
    assert.deepEqual(await next(), { kind: "runs", changed, removed: ["/b"] });
  });

  it("sends the outline before the events that came after it, and none that came before", async () => {
    const { outbox, posted, next } = page();
    outbox.events({ folder: "/a", events: events(0, 5) });
    outbox.reset({ outline: outlineOf("/a") });
    outbox.events({ folder: "/a", events: events(5, 6) });
    await next();
    await next();
    assert.deepEqual(posted, [
      { kind: "runReset", outline: outlineOf("/a") },
      { kind: "runEvents", folder: "/a", events: events(5, 6) },
    ]);
  });

  it("keeps no more events than a page can take in: it asks for the outline instead", async () => {
    const { outbox, posted, missed, next } = page();
    outbox.events({ folder: "/b", events: events(0, 1) });
    await next();
    for (let i = 0; i <= MOST_PENDING; i += 100) outbox.events({ folder: "/a", events: events(i, i + 100) });
    assert.deepEqual(missed, ["/a"]);
    outbox.reset({ outline: outlineOf("/a") });
    await next();
    assert.deepEqual(
      posted.map(({ kind }) => kind),
      ["runEvents", "runReset"],
    );
  });

  it("posts nothing of what it has forgotten", async () => {
    const { outbox, next } = page();
    outbox.events({ folder: "/a", events: events(0, 1) });
    outbox.forget("/a");
    outbox.events({ folder: "/b", events: events(0, 1) });
    assert.deepEqual(await next(), { kind: "runEvents", folder: "/b", events: events(0, 1) });
    outbox.runs({ changed: [], removed: ["/a"] });
    outbox.clear();
    outbox.events({ folder: "/c", events: events(0, 1) });
    assert.deepEqual(await next(), { kind: "runEvents", folder: "/c", events: events(0, 1) });
  });
});
