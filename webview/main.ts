import { connectHost } from "./host.ts";
import { exportPlot } from "./plots/export.ts";
import { themeOf } from "./plots/looks.ts";
import { DashboardState } from "./state.ts";
import "./dashboard.ts";

// VS Code gives the page a padding of its own, which a view that fills the panel has no use for.
const page = new CSSStyleSheet();
page.replaceSync("html, body { height: 100%; margin: 0; padding: 0; overflow: hidden; }");
document.adoptedStyleSheets.push(page);

const host = connectHost();
const model = new DashboardState(host, (task) => requestAnimationFrame(task));
host.listen((message) => {
  if (message.kind !== "exportPlot") return;
  // The editor itself reports failures to save.
  exportPlot(model, { ...message, theme: themeOf(document.body) }).catch(() => undefined);
});
const dashboard = document.createElement("salsa-dashboard");
Object.assign(dashboard, { model });
document.body.append(dashboard);
