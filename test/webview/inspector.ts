/// <reference lib="dom" />
import type { Page } from "playwright-core";

/** An element that a mouse can act on, or the keyboard is at: a number that identifies it, and words for people. */
export interface Place {
  readonly id: number;
  readonly words: string;
  /** Tags and roles of the element and of all that it is in. */
  readonly parts: readonly string[];
}

/** The page's own view of its elements; `installInspector` puts it there. */
export interface Inspector {
  actionable(): readonly Place[];
  active(): { readonly place: Place; readonly descendant?: Place; readonly isMarked: boolean } | undefined;
  activeElement(): Element;
  isCovered(target: number, by: readonly number[]): boolean;
  toStart(): void;
}

/** Runs before the page's scripts: remembers who listens to a mouse. */
export async function installInspector(page: Page): Promise<void> {
  await page.evaluate(install);
}

/** Runs in the page. */
function install(): void {
  const MOUSE = ["click", "dblclick", "mousedown", "pointerdown"];
  const WIDGETS =
    "a[href],button,input,select,textarea,summary," +
    ["button", "link", "tab", "option", "menuitem", "menuitemcheckbox", "radio", "checkbox", "slider", "combobox"]
      .map((role) => `[role=${role}]`)
      .join(",");
  /** Elements that hold others: focus on one of these does not reach its content. */
  const CONTAINERS = ["main", "tabpanel", "region", "grid", "treegrid", "listbox", "tablist", "toolbar", "group"];
  const listening = new WeakSet<EventTarget>();
  const prototype: { addEventListener: (this: EventTarget, type: string, ...rest: readonly unknown[]) => void } =
    EventTarget.prototype as never;
  const add = prototype.addEventListener;
  prototype.addEventListener = function (type, ...rest) {
    if (MOUSE.includes(type)) listening.add(this);
    add.call(this, type, ...rest);
  };
  const elements: Element[] = [];
  const above = (element: Element): Element | undefined =>
    element.parentElement ?? (element.getRootNode() as Partial<ShadowRoot>).host;
  const isWithin = (outer: Element, inner: Element): boolean => {
    for (let at: Element | undefined = inner; at !== undefined; at = above(at)) if (at === outer) return true;
    return false;
  };
  const roleOf = (element: Element): string => element.getAttribute("role") ?? element.localName;
  const wordsOf = (element: Element): string => {
    const parts: string[] = [];
    for (let at: Element | undefined = element; at !== undefined && parts.length < 4; at = above(at)) {
      const text = at.getAttribute("aria-label") ?? at.getAttribute("label") ?? (at === element ? at.textContent : "");
      parts.unshift(`${at.localName}${at.className ? `.${at.className}` : ""} ${text.trim().slice(0, 40)}`.trim());
    }
    return parts.join(" › ");
  };
  const place = (element: Element): Place => {
    if (!elements.includes(element)) elements.push(element);
    const parts: string[] = [];
    for (let at: Element | undefined = element; at !== undefined; at = above(at))
      parts.push(at.localName, at.role ?? "");
    return { id: elements.indexOf(element), words: wordsOf(element), parts };
  };
  const isVisible = (element: Element): boolean => {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0 && element.checkVisibility({ visibilityProperty: true });
  };
  const isActionable = (element: Element): boolean => {
    if (!isVisible(element) || element.matches(":disabled,[disabled],main,[role=row][aria-hidden=true]")) return false;
    const outer = above(element);
    const cursor = (one: Element | undefined): string => (one === undefined ? "" : getComputedStyle(one).cursor);
    const isHand = cursor(element) === "pointer" && cursor(outer) !== "pointer";
    return isHand || listening.has(element) || element.matches(WIDGETS);
  };
  const allOf = (root: ParentNode): Element[] =>
    [...root.querySelectorAll("*")].flatMap((one) => [one, ...(one.shadowRoot ? allOf(one.shadowRoot) : [])]);
  const activeElement = (): Element => {
    let at = document.activeElement ?? document.body;
    while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at;
  };
  const descendantOf = (element: Element): Element | undefined => {
    const id = element.getAttribute("aria-activedescendant") ?? "";
    return id === "" ? undefined : ((element.getRootNode() as ShadowRoot).getElementById(id) ?? undefined);
  };
  const isMarked = (element: Element): boolean => {
    const probe = document.createElement("i");
    probe.style.color = "var(--vscode-focusBorder)";
    document.body.append(probe);
    const focusColour = getComputedStyle(probe).color;
    probe.remove();
    const style = getComputedStyle(element);
    const isOpaque = (colour: string): boolean => colour !== "transparent" && !colour.endsWith(", 0)");
    const isCut = style.clipPath !== "none";
    const hasOutline =
      style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 && isOpaque(style.outlineColor);
    return !isCut && (hasOutline || (parseFloat(style.borderTopWidth) > 0 && style.borderTopColor === focusColour));
  };
  const inspector: Inspector = {
    activeElement,
    actionable: () => allOf(document.body).filter(isActionable).map(place),
    active: () => {
      const element = activeElement();
      if (element === document.body) return undefined;
      const descendant = descendantOf(element);
      const around = [above(element), (element.getRootNode() as Partial<ShadowRoot>).host];
      const marked = [element, descendant, ...around].some((one) => one !== undefined && isMarked(one));
      return {
        place: place(element),
        ...(descendant !== undefined && { descendant: place(descendant) }),
        isMarked: marked,
      };
    },
    isCovered: (target, by) => {
      const element = elements[target] ?? document.body;
      let whole = element;
      for (let at: Element | undefined = element; at !== undefined; at = above(at)) {
        if (at.localName.startsWith("vscode-")) whole = at;
      }
      return by.some((id) => {
        const reached = elements[id] ?? document.body;
        if (isWithin(whole, reached)) return whole === reached || whole.localName.startsWith("vscode-");
        return !CONTAINERS.includes(roleOf(reached)) && isWithin(reached, whole);
      });
    },
    toStart: () => {
      const start = document.createElement("div");
      start.tabIndex = -1;
      document.body.prepend(start);
      start.focus();
      start.remove();
    },
  };
  Object.assign(window, { inspector });
}
