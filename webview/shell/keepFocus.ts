/**
 * Keeps the keyboard in the page: when the element that has it goes away, is hidden or disabled, an heir gets it.
 *
 * @param page - Whose focus is kept.
 * @param heir - Is given where the element was, from the inside out.
 * @returns What ends it.
 */
export function keepFocus(
  page: EventTarget,
  heir: (path: readonly EventTarget[]) => HTMLElement | null | undefined,
): () => void {
  const onFocusOut = (event: Event): void => {
    const path = event.composedPath();
    const [lost] = path;
    if ((event as FocusEvent).relatedTarget !== null || !(lost instanceof HTMLElement)) return;
    // Who is hidden, or takes the keyboard along, does so within the frame.
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
