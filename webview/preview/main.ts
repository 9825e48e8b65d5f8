import { setStrings } from "../localize.ts";
import { connectPreview } from "./host.ts";
import { DataPreviewView } from "./view.ts";

// VS Code gives the page a padding of its own, which a view that fills the panel has no use for.
const page = new CSSStyleSheet();
page.replaceSync("html, body { height: 100%; margin: 0; padding: 0; overflow: hidden; }");
document.adoptedStyleSheets.push(page);

const view = new DataPreviewView();
view.host = connectPreview(({ focus, strings }) => {
  setStrings(strings);
  view.show(focus);
});
document.body.append(view);
