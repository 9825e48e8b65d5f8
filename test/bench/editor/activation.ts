import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { quickPickRow, reloadWindow, runCommand } from "../../e2e/host/workbench.ts";
import { SHORT_CONFIG, startSession } from "../../e2e/session.ts";
import type { Bench, Setting } from "../bench.ts";
import { waitForQuiet } from "../quiet.ts";
import { median } from "../worker.ts";

/** Windows that are opened one after the other, of each kind. */
const WINDOWS = 7;

/**
 * How long the packaged extension takes to activate in a real VS Code, as the editor itself measures it and lists it
 * among the running extensions: loading its code and calling `activate`. By a command in a window at rest; and by a
 * config in its folder while a window opens, when server, extension host and browser all start on the same processor.
 */
export const activation: Bench = {
  name: "activation",
  targets: { "activation.onCommandMs": { atMost: 50 }, "activation.onOpeningMs": { atMost: 50 } },
  async run({ log }: Setting) {
    const session = await startSession();
    const { page } = session;
    const config = join(session.host.workspace, "demo.salsa.json");
    const times = async (kind: string, activate: () => Promise<void>): Promise<number> => {
      const all: number[] = [];
      for (let window = 0; window < WINDOWS; window++) {
        await reloadWindow(page);
        await activate();
        all.push(await activationTime(page));
        log(`activation ${kind}: ${all.at(-1)} ms`);
      }
      return median(all);
    };
    try {
      const onCommand = await times("by a command", async () => {
        // The first search of the palette is work of the editor's own.
        await runCommand(page, "Developer: Show Running Extensions");
        await waitForQuiet(log);
        await runCommand(page, "SALSA: New Run Config...");
        await quickPickRow(page, "MiniInstruct demo").waitFor();
        await page.keyboard.press("Escape");
      });
      writeFileSync(config, SHORT_CONFIG);
      const onOpening = await times("while a window opens", () => Promise.resolve());
      return {
        bench: "activation",
        figures: { "activation.onCommandMs": onCommand, "activation.onOpeningMs": onOpening },
        timings: {},
      };
    } finally {
      await session.close();
    }
  },
};

/** Milliseconds, from "Developer: Show Running Extensions". */
async function activationTime(page: Page): Promise<number> {
  await runCommand(page, "Developer: Show Running Extensions");
  const row = page.locator(".runtime-extensions-editor .monaco-list-row").filter({ hasText: "SALSA" });
  const text = await row
    .getByText(/Activation: \d+ms/)
    .first()
    .textContent();
  return Number(/(\d+)ms/.exec(text ?? "")?.[1]);
}
