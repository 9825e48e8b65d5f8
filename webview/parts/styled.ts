import { noChange, type ElementPart } from "lit";
import { Directive, directive, PartType, type PartInfo } from "lit/directive.js";

/** CSS properties by name, also custom ones. */
export type Style = Readonly<Record<string, string>>;

class Styled extends Directive {
  private last: Style = {};

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error("styled: stands in an element's tag, by itself");
  }

  override render(_style: Style): unknown {
    return noChange;
  }

  override update({ element }: ElementPart, [style]: [Style]): unknown {
    const { style: target } = element as HTMLElement;
    for (const name of Object.keys(this.last)) if (!(name in style)) target.removeProperty(name);
    for (const [name, value] of Object.entries(style)) {
      if (this.last[name] !== value) target.setProperty(name, value);
    }
    this.last = style;
    return noChange;
  }
}

/**
 * Sets properties of an element's style by script: `<div ${styled({ "--share": "0.5" })}>`.
 *
 * Lit's own `styleMap` writes an attribute at first, which the page's content security policy refuses.
 */
export const styled = directive(Styled);
