import type { Page } from "playwright-core";
import { startSession, SHORT_CONFIG } from "../../e2e/session.ts";
import { reloadWindow, runCommand } from "../../e2e/host/workbench.ts";
import type { Bench, Setting } from "../bench.ts";
import { waitForQuiet } from "../quiet.ts";
import { median } from "../worker.ts";

/** Windows that are opened one after the other. */
const WINDOWS = 9;

/**
 * How long the packaged extension takes to activate in a real VS Code on a folder with a config, as the editor itself
 * measures it and shows it among the running extensions: loading its code and calling `activate`.
 */
export const activation: Bench = {
  name: "activation",
  targets: { "activation.ms": { atMost: 50 } },
  async run({ log }: Setting) {
    const session = await startSession({ files: { "demo.salsa.json": SHORT_CONFIG } });
    const { page } = session;
    try {
      const times: number[] = [];
      for (let window = 0; window < WINDOWS; window++) {
        await waitForQuiet(log);
        await reloadWindow(page);
        times.push(await activationTime(page));
        log(`activation: window ${window + 1} of ${WINDOWS}: ${times.at(-1)} ms`);
      }
      return { bench: "activation", figures: { "activation.ms": median(times) }, timings: {} };
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
