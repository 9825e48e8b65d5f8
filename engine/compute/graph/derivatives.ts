export type UnaryKind = "neg" | "exp" | "log" | "abs" | "square" | "sqrt" | "sigmoid" | "logSigmoid" | "tanh";
export type BinaryKind = "add" | "sub" | "mul" | "div" | "minimum" | "maximum" | "lessEqual";

/** Operations that derivatives are built from. */
interface Arithmetic<T> {
  add(other: T | number): T;
  sub(other: T | number): T;
  mul(other: T | number): T;
  div(other: T | number): T;
  lessEqual(other: T | number): T;
  neg(): T;
  square(): T;
  sigmoid(): T;
}

/** Gradient of y = f(x) by x, given that by y. */
export function unaryGradient<T extends Arithmetic<T>>(kind: UnaryKind, x: T, y: T, dy: T): T {
  switch (kind) {
    case "neg":
      return dy.neg();
    case "exp":
      return dy.mul(y);
    case "log":
      return dy.div(x);
    case "abs":
      return dy.mul(x.neg().lessEqual(0).sub(x.lessEqual(0))); // the sign, 0 at 0
    case "square":
      return dy.mul(x).mul(2);
    case "sqrt":
      return dy.div(y).mul(0.5);
    case "sigmoid":
      return dy.mul(y).mul(y.neg().add(1));
    case "logSigmoid":
      return dy.mul(x.neg().sigmoid());
    case "tanh":
      return dy.mul(y.square().neg().add(1));
  }
}

/** Gradients of f(a, b) by both. At a tie, minimum and maximum pass the whole gradient to the first operand. */
export function binaryGradient<T extends Arithmetic<T>>(kind: BinaryKind, a: T, b: T, dy: T): [T?, T?] {
  switch (kind) {
    case "add":
      return [dy, dy];
    case "sub":
      return [dy, dy.neg()];
    case "mul":
      return [dy.mul(b), dy.mul(a)];
    case "div":
      return [dy.div(b), dy.mul(a).div(b.square()).neg()];
    case "minimum": {
      const first = a.lessEqual(b);
      return [dy.mul(first), dy.mul(first.neg().add(1))];
    }
    case "maximum": {
      const first = b.lessEqual(a);
      return [dy.mul(first), dy.mul(first.neg().add(1))];
    }
    case "lessEqual":
      return [];
  }
}
