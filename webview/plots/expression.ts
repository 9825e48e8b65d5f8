import { describeMetric, type MetricEntry } from "../../engine/protocol/catalogue.ts";
import type { SeriesKey } from "../../engine/protocol/service.ts";
import { fromCatalogue, t } from "../localize.ts";
import type { Curve, DashboardModel } from "../model.ts";

/** Ways to make one curve of two. */
export const OPERATORS = ["÷", "−", "+", "×"] as const;
export type Operator = (typeof OPERATORS)[number];

/** The ratio, difference, sum or product of two metrics. */
export interface Expression {
  readonly left: string;
  readonly operator: Operator;
  readonly right: string;
}

/** Name of an expression, which stands for it where metrics are named: "objective/gold − objective/score". */
export function expressionName({ left, operator, right }: Expression): string {
  return `${left} ${operator} ${right}`;
}

/** Reads a name; undefined for a plain metric's. */
export function parseExpression(name: string): Expression | undefined {
  const parts = name.split(" ");
  const at = parts.findIndex((part) => OPERATORS.some((operator) => operator === part));
  const operator = OPERATORS.find((one) => one === parts[at]);
  if (operator === undefined) return undefined;
  return { left: parts.slice(0, at).join(" "), operator, right: parts.slice(at + 1).join(" ") };
}

/** Metrics that a plot needs: one, or those of its expression. */
export function partsOf(name: string): readonly string[] {
  const expression = parseExpression(name);
  return expression === undefined ? [name] : [expression.left, expression.right];
}

/** Describes a metric, or an expression by its parts. */
export function describePlot(name: string): MetricEntry {
  const expression = parseExpression(name);
  if (expression === undefined) return describeMetric(name, fromCatalogue);
  const { operator } = expression;
  const [left, right] = partsOf(name).map((part) => describeMetric(part, fromCatalogue));
  return {
    name,
    label: `${left?.label ?? ""} ${operator} ${right?.label ?? ""}`,
    unit: unitOf(left?.unit ?? "", operator, right?.unit ?? ""),
    description: meaningOf(operator),
    source: "",
  };
}

function unitOf(left: string, operator: Operator, right: string): string {
  if (operator === "×") return [left, right].filter((unit) => unit !== "").join(" × ");
  if (left === right) return operator === "÷" ? "" : left;
  return `${left} ${operator} ${right}`;
}

function meaningOf(operator: Operator): string {
  switch (operator) {
    case "÷":
      return t("Ratio of two metrics, step by step");
    case "−":
      return t("Difference of two metrics, step by step");
    case "+":
      return t("Sum of two metrics, step by step");
    case "×":
      return t("Product of two metrics, step by step");
  }
}

/** A curve of a metric or an expression; undefined until its parts have been received. */
export function curveOf(model: DashboardModel, folder: string, { stage, metric }: SeriesKey): Curve | undefined {
  const expression = parseExpression(metric);
  if (expression === undefined) return model.curve(folder, { stage, metric });
  const left = model.curve(folder, { stage, metric: expression.left });
  const right = model.curve(folder, { stage, metric: expression.right });
  return left === undefined || right === undefined ? undefined : combined(left, right, expression.operator);
}

/** Combined curves by their parts: a curve that is the same object is drawn without being prepared again. */
const known = new WeakMap<Curve, WeakMap<Curve, Map<Operator, Curve>>>();

function combined(left: Curve, right: Curve, operator: Operator): Curve {
  const byRight = known.get(left) ?? new WeakMap<Curve, Map<Operator, Curve>>();
  known.set(left, byRight);
  const byOperator = byRight.get(right) ?? new Map<Operator, Curve>();
  byRight.set(right, byOperator);
  const curve = byOperator.get(operator) ?? combine(left, right, operator);
  byOperator.set(operator, curve);
  return curve;
}

/** Joins two curves where both have a step. A ratio whose denominator is 0 is left out of the line as NaN. */
export function combine(left: Curve, right: Curve, operator: Operator): Curve {
  const places = new Map(Array.from(right.steps, (step, at) => [step, at]));
  const joined = Array.from(left.steps, (step, at) => ({ at, other: places.get(step) })).filter(
    (one): one is { at: number; other: number } => one.other !== undefined,
  );
  const value = ({ at, other }: { at: number; other: number }): number => {
    const [a, b] = [left.values[at] ?? NaN, right.values[other] ?? NaN];
    switch (operator) {
      case "÷":
        return b === 0 ? NaN : a / b;
      case "−":
        return a - b;
      case "+":
        return a + b;
      case "×":
        return a * b;
    }
  };
  return {
    steps: Float64Array.from(joined, ({ at }) => left.steps[at] ?? NaN),
    times: Float64Array.from(joined, ({ at }) => left.times[at] ?? NaN),
    values: Float64Array.from(joined, value),
  };
}
