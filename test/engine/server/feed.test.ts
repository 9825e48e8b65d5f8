import assert from "node:assert/strict";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import { Feed, MOST_PENDING } from "../../../engine/server/feed.ts";

const events = (from: number, count: number): RunEvent[] =>
  Array.from({ length: count }, (_, index) => {
    const sequence = from + index;
    return { kind: "progress", stage: "ppo", step: sequence, total: 9, time: 0, sequence };
  });

/** A client that takes a batch in when it is said to. */
function client(gatherMs: number): { feed: Feed; sent: number[][]; take: () => Promise<void>; lost: () => number } {
  const sent: number[][] = [];
  let lost = 0;
  let waiting = Promise.withResolvers<undefined>();
  const feed = new Feed({
    gatherMs,
    send: (batch) => {
      sent.push(batch.map(({ sequence }) => sequence));
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
    behind: () => (lost += 1),
  });
  feed.start();
  const take = async (): Promise<void> => {
    waiting.resolve(undefined);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve(); // lets its consequences settle
  };
  return { feed, sent, take, lost: () => lost };
}

describe("a feed of events that were gathered before", () => {
  it("sends them in the turn in which they come, and those that come meanwhile together", async () => {
    const { feed, sent, take } = client(0);
    feed.push(events(0, 2));
    assert.deepEqual(sent, [[0, 1]]);
    feed.push(events(2, 1));
    feed.push(events(3, 2));
    assert.equal(sent.length, 1, "one batch under way at a time");
    await take();
    assert.deepEqual(sent, [
      [0, 1],
      [2, 3, 4],
    ]);
    feed.stop();
  });

  it("gives a client that does not read up, once, and goes on when it starts over", async () => {
    const { feed, sent, take, lost } = client(0);
    feed.push(events(0, 1));
    feed.push(events(1, MOST_PENDING));
    assert.equal(lost(), 0);
    feed.push(events(MOST_PENDING + 1, 1));
    feed.push(events(MOST_PENDING + 2, 1));
    assert.equal(lost(), 1);
    await take();
    assert.equal(sent.length, 1);
    feed.start();
    feed.push(events(7, 1));
    assert.deepEqual(sent.at(-1), [7]);
  });
});
