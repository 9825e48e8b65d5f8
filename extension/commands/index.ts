import type { Command } from "../salsa.ts";
import { chat } from "./chat.ts";
import { cleanUp } from "./cleanUp.ts";
import { compareRuns, openDashboard, openDashboardToSide, openSamples, openWinRates } from "./dashboard.ts";
import { connectCluster } from "./connectCluster.ts";
import { copyLink } from "./copyLink.ts";
import { deleteRun } from "./deleteRun.ts";
import { diffConfigs } from "./diffConfigs.ts";
import { doctor } from "./doctor.ts";
import { exportPlot } from "./exportPlot.ts";
import { exportRuns } from "./exportRuns.ts";
import { exportTable } from "./exportTable.ts";
import { withFailures } from "./failures.ts";
import { makeSoup } from "./makeSoup.ts";
import { mcpSettings } from "./mcpSettings.ts";
import { newConfig } from "./newConfig.ts";
import { openReport } from "./openReport.ts";
import { plan } from "./plan.ts";
import { previewData } from "./previewData.ts";
import { measureFigure } from "./measureFigure.ts";
import { pinPrompt } from "./pinPrompt.ts";
import { promoteArm } from "./promoteArm.ts";
import { fetchBenchmark } from "./fetchBenchmark.ts";
import { publish } from "./publish.ts";
import { relinkRuns } from "./relinkRuns.ts";
import { run, runOnHost } from "./run.ts";
import { resume, retry, stop } from "./runControl.ts";
import { revealRunFolder, showLog } from "./runFiles.ts";
import { score } from "./score.ts";
import { shareReport } from "./shareReport.ts";
import { showRunsTable } from "./runsTable.ts";
import { removeToken, setToken } from "./token.ts";
import { setApiKey } from "./apiKey.ts";

/** Every command that is not about the Runs view itself. Add yours here, and to package.json. */
export const COMMANDS: readonly Command[] = [
  newConfig,
  run,
  runOnHost,
  plan,
  previewData,
  fetchBenchmark,
  stop,
  resume,
  retry,
  openDashboard,
  openDashboardToSide,
  showRunsTable,
  promoteArm,
  pinPrompt,
  measureFigure,
  compareRuns,
  openSamples,
  openWinRates,
  openReport,
  exportTable,
  exportPlot,
  exportRuns,
  shareReport,
  copyLink,
  makeSoup,
  score,
  chat,
  publish,
  setToken,
  setApiKey,
  removeToken,
  revealRunFolder,
  diffConfigs,
  relinkRuns,
  deleteRun,
  cleanUp,
  doctor,
  connectCluster,
  mcpSettings,
  showLog,
].map(withFailures);
