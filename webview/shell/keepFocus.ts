/**
 * Keeps the focus in the page: when the focused element is removed, hidden or disabled, an heir receives the focus.
 *
 * @param page - The page.
 * @param heir - Chooses the heir, given the path of the lost element from the inside out.
 * @returns A function that removes the listener.
 */
export function keepFocus(
  page: EventTarget,
  heir: (path: readonly EventTarget[]) => HTMLElement | null | undefined,
): () => void {
  const onFocusOut = (event: Event): void => {
    const path = event.composedPath();
    const [lost] = path;
    if ((event as FocusEvent).relatedTarget !== null || !(lost instanceof HTMLElement)) return;
    // An element that is hidden, or that moves the focus, does so within the frame.
    requestAnimationFrame(() => {
      const isNowhere = document.activeElement === document.body && document.hasFocus();
      if (isNowhere && !canHaveFocus(lost)) heir(path)?.focus({ preventScroll: true });
    });
  };
  page.addEventListener("focusout", onFocusOut);
  return () => page.removeEventListener("focusout", onFocusOut);
}

function canHaveFocus(element: HTMLElement): boolean {
  return element.isConnected && element.checkVisibility() && !element.matches(":disabled");
}
