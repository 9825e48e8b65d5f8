import type { ReactiveControllerHost } from "lit";

/**
 * True once an element that is loaded on first use can be made; until then it is being loaded, and its host is rendered again
 * when that is done. Made before, it would be without its properties when it is put into the page.
 */
export function isLoaded(tag: string, load: () => Promise<unknown>, host: ReactiveControllerHost): boolean {
  if (customElements.get(tag) !== undefined) return true;
  void load().then(() => host.requestUpdate());
  return false;
}
