import { launchBrowser } from "../../e2e/host/browser.ts";
import type { Bench, Setting } from "../bench.ts";
import { waitForQuiet } from "../quiet.ts";
import { eventsFigures } from "./events.ts";
import { metricsFigures } from "./metrics.ts";
import { runsTableFigures } from "./runsTable.ts";
import { samplesFigures } from "./samples.ts";

/**
 * The dashboard under load: the real service, the extension's own session, and the page in a browser that draws by
 * software. Frame times are multiples of 16.7 ms. Memory is that of scripts, array buffers and elements together.
 */
export const editor: Bench = {
  name: "editor",
  targets: {
    "editor.metricsFirstPaintMs": { atMost: 1000 },
    "editor.metricsPanP95Ms": { atMost: 33 },
    "editor.metricsMemoryMiB": { atMost: 300 },
    "editor.samplesScrollP95Ms": { atMost: 33 },
    "editor.samplesMemoryMiB": { atMost: 100 },
    "editor.runsTableOpenMs": { atMost: 500 },
    "editor.runsTableScrollP95Ms": { atMost: 17 },
    "editor.eventsP95Ms": { atMost: 100 },
    "editor.eventsLatencyP95Ms": { atMost: 500 },
    "editor.eventsMemoryMiB": { atMost: 300 },
  },
  async run({ log }: Setting) {
    await waitForQuiet(log);
    const browser = await launchBrowser();
    try {
      const figures = {
        ...(await metricsFigures(browser, log)),
        ...(await samplesFigures(browser, log)),
        ...(await eventsFigures(browser, log)),
        ...(await runsTableFigures(browser, log)),
      };
      return { bench: "editor", figures, timings: {} };
    } finally {
      await browser.close();
    }
  },
};
