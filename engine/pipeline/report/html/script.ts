/**
 * The report's script: it shows values under the pointer, or at a step that the arrow keys choose, and hides lines. It reads
 * the figures' own attributes and data, makes elements of text alone, and asks nobody for anything. Without it, the figures
 * are as they print.
 */
export const SCRIPT = `
"use strict";
for (const figure of document.querySelectorAll("figure[data-lines]")) {
  const svg = figure.querySelector("svg");
  const lines = JSON.parse(figure.querySelector("script").textContent);
  const at = (name) => Number(svg.getAttribute("data-" + name));
  const [left, right, top, bottom, from, to] = ["left", "right", "top", "bottom", "from", "to"].map(at);
  const hidden = new Set();
  let step;

  const readout = document.createElement("div");
  readout.className = "readout";
  readout.hidden = true;
  readout.setAttribute("aria-live", "polite");
  const cursor = document.createElementNS(svg.namespaceURI, "line");
  for (const [name, value] of [["y1", top], ["y2", bottom], ["stroke", "var(--figure-2, #59636e)"], ["stroke-dasharray", "3 3"]])
    cursor.setAttribute(name, value);
  cursor.style.display = "none";
  svg.append(cursor);
  const stage = document.createElement("div");
  stage.className = "stage";
  stage.tabIndex = 0;
  stage.setAttribute("role", "group");
  stage.setAttribute("aria-label", svg.querySelector("title").textContent + ": arrow keys read values off");
  svg.replaceWith(stage);
  stage.append(svg, readout);

  const toggles = document.createElement("p");
  toggles.className = "toggles";
  lines.forEach(({ name, color }, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "true");
    const mark = document.createElement("span");
    mark.style.background = color;
    button.append(mark, name);
    button.addEventListener("click", () => {
      const isHidden = !hidden.has(index);
      if (isHidden) hidden.add(index);
      else hidden.delete(index);
      button.setAttribute("aria-pressed", String(!isHidden));
      for (const part of svg.querySelectorAll('[data-line="' + index + '"]'))
        part.style.display = isHidden ? "none" : "";
      if (step !== undefined) show(step);
    });
    toggles.append(button);
  });
  if (lines.length > 1) stage.after(toggles);

  const nearest = ({ x }, wanted) => {
    let [low, high] = [0, x.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (x[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low > 0 && wanted - x[low - 1] < x[low] - wanted ? low - 1 : low;
  };
  const shown = () => lines.filter((line, index) => !hidden.has(index) && line.x.length > 0);

  const show = (wanted) => {
    const places = shown().map((line) => line.x[nearest(line, wanted)]);
    if (places.length === 0) return hide();
    step = places.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
    const px = left + ((step - from) / (to - from)) * (right - left);
    cursor.setAttribute("x1", px);
    cursor.setAttribute("x2", px);
    cursor.style.display = "";
    const head = document.createElement("b");
    head.textContent = String(Number(step.toPrecision(6)));
    readout.replaceChildren(head);
    for (const line of shown()) {
      const index = nearest(line, step);
      if (line.x[index] !== step) continue;
      const row = document.createElement("div");
      const mark = document.createElement("span");
      mark.style.background = line.color;
      const value = line.y[index];
      row.append(mark, line.name + " " + (value === null ? "\\u2013" : Number(value.toPrecision(4))));
      readout.append(row);
    }
    readout.hidden = false;
    const box = svg.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    const isRight = px > (left + right) / 2;
    readout.style.left = isRight ? "" : px * scale + 12 + "px";
    readout.style.right = isRight ? box.width - px * scale + 12 + "px" : "";
    readout.style.top = top * scale + "px";
  };
  const hide = () => {
    step = undefined;
    readout.hidden = true;
    cursor.style.display = "none";
  };

  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const px = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    if (px < left - 8 || px > right + 8) return hide();
    show(from + ((px - left) / (right - left)) * (to - from));
  });
  svg.addEventListener("pointerleave", hide);
  stage.addEventListener("blur", hide);
  stage.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") return hide();
    if (by === undefined) return;
    event.preventDefault();
    const steps = [...new Set(shown().flatMap(({ x }) => x))].sort((a, b) => a - b);
    const index = step === undefined ? (by > 0 ? -1 : steps.length) : steps.indexOf(step);
    const next = steps[Math.max(0, Math.min(steps.length - 1, index + by))];
    if (next !== undefined) show(next);
  });
}
`;
