import { setStrings } from "../localize.ts";
import { connectRunsTable } from "./host.ts";
import { RunsTableView } from "./view.ts";

// VS Code gives the page a padding of its own, which a view that fills the panel has no use for.
const page = new CSSStyleSheet();
page.replaceSync("html, body { height: 100%; margin: 0; padding: 0; overflow: hidden; }");
document.adoptedStyleSheets.push(page);

const view = new RunsTableView();
view.host = connectRunsTable((news) => {
  if (news.kind === "show") setStrings(news.strings);
  view.hear(news);
});
document.body.append(view);
