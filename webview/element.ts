import { LitElement, type PropertyDeclarations } from "lit";
import type { DashboardModel } from "./model.ts";

/**
 * An element that renders the dashboard's model, and renders again when the model changes.
 *
 * Properties are declared with `static properties` and `declare` fields: a class field would hide Lit's accessors.
 */
export class DashboardElement extends LitElement {
  static override readonly properties: PropertyDeclarations = {
    model: { attribute: false },
    hidden: { type: Boolean, reflect: true },
  };
  declare model: DashboardModel;
  private unsubscribe: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.unsubscribe = this.model.subscribe(() => {
      // A view behind another tab catches up when it is shown, which changes `hidden`.
      if (!this.hidden) this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unsubscribe?.();
  }
}
