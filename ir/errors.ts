// Errors. The user's fault and ours are different classes; each says what is wrong with the numbers, shows the operands,
// the user's line and, where it is certain, the remedy.

/** What an error can say beside its first sentence. */
export interface ErrorDetails {
  /** One entry per operand, shown at its line: `columns: axis 1`. */
  readonly notes?: readonly string[];
  /** The remedy, only when it is certain. */
  readonly help?: string;
  /** Ready-made lines under the first sentence, in place of the operands. */
  readonly lines?: readonly string[];
}

/** A mistake in the use of gradloom. Base class of all errors that are the user's to mend. */
export class GraphError extends Error {
  readonly details: ErrorDetails;
  /** Set once the op, its operands and the user's line have been added. */
  readonly placed: boolean;
  constructor(what: string, details: ErrorDetails = {}, placed = false) {
    super(placed ? what : withDetails(what, details));
    this.name = new.target.name;
    this.details = details;
    this.placed = placed;
  }
}

/** Shapes that do not fit, axes out of range. */
export class ShapeError extends GraphError {}
/** Dtypes that do not mix. */
export class DTypeError extends GraphError {}
/** Feeds that are missing, unknown, or of the wrong length, shape or dtype. */
export class FeedError extends GraphError {}
/** No gradient where one is asked for. */
export class GradientError extends GraphError {}
/** Graph text that does not parse. */
export class ParseError extends GraphError {}
/** Files and data sets that are missing, truncated or malformed. */
export class DataError extends GraphError {}
/** Values that stop a run: an index out of range, a failed assertion. Parameters are as they were before the run. */
export class RunError extends GraphError {}
/** More memory than there is, or than a budget allows. */
export class MemoryError extends GraphError {}
/** Use of something that was disposed of. */
export class DisposedError extends GraphError {}

/** A mistake of gradloom's own; the message names the pass or the storey. */
export class InternalError extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(`${what}\nThis is a bug in gradloom, not in your program.`, options);
    this.name = "InternalError";
  }
}

/** A place in the user's program. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Name scope, `mlp/fc1`; empty at top level. */
  readonly scope: string;
}

/** An operand as an error shows it. */
export interface ShownOperand {
  readonly name: string;
  readonly type: string;
  /** Where it came from: an input's name, a scope. */
  readonly from: string;
}

/** The same error, with the op before its sentence (where there is one), a line per operand and the user's line under it. */
export function placeError(
  error: GraphError,
  op: string,
  operands: readonly ShownOperand[],
  at: Origin | null,
): GraphError {
  if (error.placed) return error;
  const notes = error.details.notes ?? [];
  const lines =
    error.details.lines ?? alignRows(operands.map((x, i) => [`${x.name} :`, x.type, notes[i] ?? "", x.from]));
  const what = firstSentence(error);
  const Class = error.constructor as new (what: string, details: ErrorDetails, placed: boolean) => GraphError;
  const place = at ? [`  at ${printOrigin(at)}`] : [];
  const help = error.details.help ? [`  help: ${error.details.help}`] : [];
  return new Class([op ? `${op}: ${what}` : what, ...lines, ...place, ...help].join("\n"), error.details, true);
}

function firstSentence(error: GraphError): string {
  const { lines, help } = error.details;
  return lines || help ? error.message.split("\n")[0]! : error.message;
}

function withDetails(what: string, details: ErrorDetails): string {
  const help = details.help ? [`  help: ${details.help}`] : [];
  return [what, ...(details.lines ?? []), ...help].join("\n");
}

/** What is wrong where tensors of two graphs meet. */
export function twoGraphs(one: { readonly name?: string }, other: { readonly name?: string }): GraphError {
  return new GraphError(`the tensors belong to two graphs, "${one.name ?? ""}" and "${other.name ?? ""}"`);
}

/** Rows as indented lines with aligned columns, trailing space removed. */
export function alignRows(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows.map((row) => {
    const [head, ...rest] = row.map((cell, i) => cell.padEnd(widths[i]!));
    const used = rest.filter((_, i) => widths[i + 1]! > 0);
    return `  ${[padColon(head!), used.join("   ")].join(" ")}`.trimEnd();
  });
}

const padColon = (head: string): string => {
  const name = head.trimEnd();
  return name.endsWith(" :") && name.length < head.length ? `${name.slice(0, -2).padEnd(head.length - 2)} :` : head;
};

/** `model.ts:42:18`. */
export function printOrigin(origin: Origin): string {
  return `${origin.file}:${origin.line}:${origin.column}`;
}
