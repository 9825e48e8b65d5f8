import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Hears of the size of an element's content, in pixels, when it gets into the document and whenever it changes there. */
export function whenResized(
  host: ReactiveControllerHost & Element,
  heard: (size: { readonly width: number; readonly height: number }) => void,
): void {
  const observer = new ResizeObserver(([entry]) => entry !== undefined && heard(entry.contentRect));
  host.addController(watching(observer, host));
}

/** Hears that the editor's theme has changed, while an element is in the document. */
export function whenThemed(host: ReactiveControllerHost, heard: () => void): void {
  const observer = new MutationObserver(heard);
  host.addController(watching(observer, document.body, { attributes: true, attributeFilter: ["class"] }));
}

interface Observer<S> {
  observe(target: Element, settings?: S): void;
  disconnect(): void;
}

function watching<S>(observer: Observer<S>, target: Element, settings?: S): ReactiveController {
  return {
    hostConnected: () => observer.observe(target, settings),
    hostDisconnected: () => observer.disconnect(),
  };
}
