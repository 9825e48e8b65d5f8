/** How a case ended. */
export interface CaseResult {
  /** Titles from the outermost suite on. */
  readonly title: string;
  readonly ms: number;
  /** Absent where it passed. */
  readonly error?: unknown;
}

/** Cases that run, and their listener. */
export interface RunSettings {
  readonly isChosen: (title: string) => boolean;
  /** Number of the first chosen case to run, counting from 0: those before it ran in another process. */
  readonly from?: number;
  readonly begin: (title: string, number: number) => void;
  /** @returns False to run nothing more. */
  readonly end: (result: CaseResult) => boolean;
}

type Body = (this: Context) => unknown;

/** `this` of suites and cases; limits of time are the caller's business here. */
interface Context {
  timeout(ms: number): Context;
}

const CONTEXT: Context = { timeout: () => CONTEXT };

interface Case {
  readonly title: string;
  readonly body: Body;
}

interface Suite {
  readonly title: string;
  readonly parent: Suite | undefined;
  readonly hooks: Readonly<Record<"before" | "after" | "beforeEach" | "afterEach", Body[]>>;
  readonly members: (Suite | Case)[];
}

/**
 * Runs mocha's suites where there is no mocha: on a machine with nothing but Node. Knows what the contract suites use:
 * `describe` and `it`, nested, with hooks.
 */
export class Runner {
  private current = suite("", undefined);

  /** Collects what a module describes while it is loaded. */
  async collect(load: () => Promise<unknown>): Promise<void> {
    const describe = (title: string, body: Body): void => {
      const parent = this.current;
      const own = suite(title, parent);
      parent.members.push(own);
      this.current = own;
      try {
        body.call(CONTEXT);
      } finally {
        this.current = parent;
      }
    };
    const it = (title: string, body: Body): Context => {
      this.current.members.push({ title, body });
      return CONTEXT;
    };
    const hook =
      (name: keyof Suite["hooks"]) =>
      (body: Body): void => {
        this.current.hooks[name].push(body);
      };
    const names = { describe, it, ...Object.fromEntries(HOOKS.map((name) => [name, hook(name)])) };
    const before = Object.fromEntries(
      Object.keys(names).map((name) => [name, Reflect.get(globalThis, name) as unknown]),
    );
    Object.assign(globalThis, names);
    try {
      await load();
    } finally {
      Object.assign(globalThis, before);
    }
  }

  /** Runs the chosen cases in their order; hooks run for suites that have such. */
  async run(settings: RunSettings): Promise<void> {
    const numbers = new Map<Case, number>();
    for (const one of casesOf(this.current)) {
      if (settings.isChosen(one.title)) numbers.set(one.test, numbers.size);
    }
    const { from = 0 } = settings;
    await runSuite(this.current, { ...settings, numberOf: (test) => atLeast(numbers.get(test), from) });
  }
}

const HOOKS = ["before", "after", "beforeEach", "afterEach"] as const;

function suite(title: string, parent: Suite | undefined): Suite {
  return { title, parent, hooks: { before: [], after: [], beforeEach: [], afterEach: [] }, members: [] };
}

const atLeast = (number: number | undefined, least: number): number | undefined =>
  number === undefined || number < least ? undefined : number;

const isSuite = (member: Suite | Case): member is Suite => "members" in member;

function casesOf(own: Suite): { readonly title: string; readonly test: Case }[] {
  return own.members.flatMap((member) =>
    isSuite(member) ? casesOf(member) : [{ title: titleOf(own, member.title), test: member }],
  );
}

function titleOf({ title, parent }: Suite, last: string): string {
  const own = [title, last].filter((part) => part !== "").join(" › ");
  return parent === undefined ? own : titleOf(parent, own);
}

interface Running extends RunSettings {
  /** Undefined for a case that does not run. */
  readonly numberOf: (test: Case) => number | undefined;
}

/** @returns False when nothing more is to run. */
async function runSuite(own: Suite, settings: Running): Promise<boolean> {
  const { numberOf, begin, end } = settings;
  if (!casesOf(own).some(({ test }) => numberOf(test) !== undefined)) return true;
  const failed = await attempt(titleOf(own, "before all"), () => call(own.hooks.before));
  let goesOn = failed === undefined || end(failed);
  for (const member of failed === undefined ? own.members : []) {
    if (!goesOn) break;
    if (isSuite(member)) {
      goesOn = await runSuite(member, settings);
      continue;
    }
    const number = numberOf(member);
    if (number === undefined) continue;
    const title = titleOf(own, member.title);
    begin(title, number);
    goesOn = end(await runCase(own, title, member));
  }
  // Whatever is broken beyond repair cannot be tidied up either.
  if (!goesOn) return false;
  const untidy = await attempt(titleOf(own, "after all"), () => call(own.hooks.after));
  return untidy === undefined || end(untidy);
}

async function runCase(own: Suite, title: string, { body }: Case): Promise<CaseResult> {
  const start = performance.now();
  const failed = await attempt(title, async () => {
    await call(inherited(own, "beforeEach"));
    try {
      await body.call(CONTEXT);
    } finally {
      await call(inherited(own, "afterEach"));
    }
  });
  return failed ?? { title, ms: performance.now() - start };
}

function inherited({ parent, hooks }: Suite, name: "beforeEach" | "afterEach"): readonly Body[] {
  return parent === undefined ? hooks[name] : [...inherited(parent, name), ...hooks[name]];
}

async function call(bodies: readonly Body[]): Promise<void> {
  for (const body of bodies) await body.call(CONTEXT);
}

async function attempt(title: string, work: () => Promise<unknown>): Promise<CaseResult | undefined> {
  const start = performance.now();
  try {
    await work();
    return undefined;
  } catch (error) {
    return { title, ms: performance.now() - start, error };
  }
}
