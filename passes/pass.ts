// What a pass is, and the runner: it times each pass, verifies what comes out, shows every stage to observers, and blames
// the pass by name.
import { GraphError, InternalError } from "#ir/errors.js";

/** A step of compilation: pure; returns its argument itself when there was nothing to do. */
export interface Pass<In, Out = In> {
  readonly name: string;
  /** What it does, in one sentence. */
  readonly doc: string;
  /** `note` is told the name of every rule that was applied. */
  readonly run: (ir: In, note: (rule: string) => void) => Out;
  /** Names of the rules, where the pass is a set of them. */
  readonly rules?: readonly string[];
}

/** Watches passes: dumps, diffs, reports and timings are observers. */
export interface Observer {
  before?(pass: string, ir: unknown): void;
  /** `ms` is the time the pass took, verification not counted. */
  after?(pass: string, ir: unknown, ms: number): void;
  /** A rule of the pass was applied. */
  rule?(pass: string, rule: string): void;
}

export interface RunOptions<Out> {
  readonly observe?: Observer;
  /** Throws where the IR breaks an invariant. */
  readonly verify?: (ir: Out) => void;
}

/** Whether pipelines verify after every pass: in tests, and where GRADLOOM_VERIFY is set. */
export function verifiesByDefault(): boolean {
  const env = typeof process === "undefined" ? {} : process.env;
  return env.VITEST !== undefined || (env.GRADLOOM_VERIFY ?? "") !== "";
}

/** Runs one pass. Throws GraphErrors as they are, and InternalErrors that name the pass for everything else. */
export function runPass<In, Out>(ir: In, pass: Pass<In, Out>, options: RunOptions<Out> = {}): Out {
  const { observe, verify } = options;
  observe?.before?.(pass.name, ir);
  const start = performance.now();
  const out = blaming(pass.name, "failed", () => pass.run(ir, (rule) => observe?.rule?.(pass.name, rule)));
  const ms = performance.now() - start;
  if (verify) blaming(pass.name, "left an invalid result", () => verify(out));
  observe?.after?.(pass.name, out, ms);
  return out;
}

/** Runs passes one after another. */
export function runPasses<T>(ir: T, passes: readonly Pass<T, T>[], options: RunOptions<T> = {}): T {
  return passes.reduce((now, pass) => runPass(now, pass, options), ir);
}

function blaming<T>(pass: string, what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof GraphError) throw error;
    const said = error instanceof Error ? error.message.replace(/\nThis is a bug in gradloom.*$/s, "") : String(error);
    throw new InternalError(`pass ${pass} ${what}: ${said}`, { cause: error });
  }
}
