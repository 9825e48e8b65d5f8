import * as package_ from "@huggingface/jinja";

/** A value of a template while it is rendered. */
export interface JinjaValue {
  readonly type: string;
  readonly value: unknown;
  /** Its methods. */
  readonly builtins?: ReadonlyMap<string, JinjaValue>;
}

/** Names that a template sees. */
export interface JinjaEnvironment {
  /** Tests that may stand behind `is`, by name. */
  readonly tests: ReadonlyMap<string, (...values: readonly JinjaValue[]) => boolean>;
  set(name: string, value: unknown): unknown;
}

/** A parsed template. */
export interface JinjaProgram {
  readonly type: string;
}

/** Arguments of a call: by their places, and by their names. */
export type JinjaArguments = readonly [placed: readonly JinjaValue[], named: ReadonlyMap<string, JinjaValue>];

interface JinjaInterpreter {
  run(program: JinjaProgram): JinjaValue;
  evaluate(statement: JinjaProgram | undefined, environment: JinjaEnvironment): JinjaValue;
  evaluateArguments(args: readonly JinjaProgram[], environment: JinjaEnvironment): JinjaArguments;
  evaluateMemberExpression(member: JinjaProgram, environment: JinjaEnvironment): JinjaValue;
  applyFilter(operand: JinjaValue, filter: JinjaProgram, environment: JinjaEnvironment): JinjaValue;
}

/** The part of the package that this folder uses; nodenext cannot resolve its own declarations. */
interface JinjaPackage {
  readonly Environment: new () => JinjaEnvironment;
  readonly Interpreter: new (environment: JinjaEnvironment) => JinjaInterpreter;
  readonly tokenize: (
    text: string,
    options: { readonly trim_blocks: boolean; readonly lstrip_blocks: boolean },
  ) => unknown;
  readonly parse: (tokens: unknown) => JinjaProgram;
}

export const { Environment, Interpreter, parse, tokenize } = package_ as unknown as JinjaPackage;
