import { setStrings } from "../localize.ts";
import { connectChat } from "./host.ts";
import { ChatView } from "./view.ts";

// VS Code gives the page a padding of its own, which a view that fills the panel has no use for.
const page = new CSSStyleSheet();
page.replaceSync("html, body { height: 100%; margin: 0; padding: 0; overflow: hidden; }");
document.adoptedStyleSheets.push(page);

const view = new ChatView();
view.host = connectChat((message) => {
  if (message.kind === "show") setStrings(message.strings);
  view.hear(message);
});
document.body.append(view);
