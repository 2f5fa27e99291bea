// A summary as numbers, and as a table.
import type { SizeBinding } from "#ir/size.js";
import type { Work } from "#ir/work.js";
import { inUnits } from "#runtime/device.js";
import { textTable } from "../metrics/text-table.js";
import { inThousands, withCommas } from "../amounts.js";
import type { Report } from "../report.js";

/** Operations, and whether a loop that turns an unknown number of times was counted once. */
export interface CountedWork extends Work {
  readonly atLeast: boolean;
}

/** A layer as a table shows it. */
export interface SummaryRow extends CountedWork {
  readonly name: string;
  /** `dense`; `parameter` for one that belongs to no layer. */
  readonly kind: string;
  /** `f32[batch,128]`. */
  readonly output: string;
  /** The number of trained numbers, without those that a row above has counted. */
  readonly parameters: number;
  /** The number of others, such as running statistics. */
  readonly untrained: number;
  /** Bytes of both. */
  readonly parameterBytes: number;
  /** Bytes of the output; 0 where it is another tensor's numbers in another shape. */
  readonly outputBytes: number;
}

/** Bytes that a compiled program plans for everything but parameters. */
export interface PlannedBytes {
  /** Of the outputs of inference; null where there are none. */
  readonly inference: number | null;
  /** Of a training step. */
  readonly training: number;
}

type Totals = Pick<
  SummaryRow,
  "parameters" | "untrained" | "parameterBytes" | "outputBytes" | "flops" | "multiplyAdds"
>;

/** The layers of a model, and their sums. */
export class Summary implements Totals, CountedWork {
  readonly parameters: number;
  readonly untrained: number;
  readonly parameterBytes: number;
  /** Of all layers: what a step that keeps every output, for its gradient or because it runs eagerly, needs at least. */
  readonly outputBytes: number;
  /** Of one forward pass, and of the loss where the model has one. */
  readonly flops: number;
  readonly multiplyAdds: number;
  readonly atLeast: boolean;

  constructor(
    readonly rows: readonly SummaryRow[],
    /** What no layer computes, such as the loss. */
    readonly outside: CountedWork,
    /** What named sizes stand for in operations and memory. */
    readonly sizes: SizeBinding,
    /** Where it was asked for. */
    readonly planned: PlannedBytes | null = null,
  ) {
    const sum = (of: keyof Totals): number => rows.reduce((total, row) => total + row[of], 0);
    this.parameters = sum("parameters");
    this.untrained = sum("untrained");
    this.parameterBytes = sum("parameterBytes");
    this.outputBytes = sum("outputBytes");
    this.flops = sum("flops") + outside.flops;
    this.multiplyAdds = sum("multiplyAdds") + outside.multiplyAdds;
    this.atLeast = outside.atLeast || rows.some((row) => row.atLeast);
  }

  /** The same, with what compiling plans. */
  withPlans(planned: PlannedBytes): Summary {
    return new Summary(this.rows, this.outside, this.sizes, planned);
  }

  /** The head, called `title`, and the rows of a table: memory is that of a layer's parameters and of its output. */
  table(title = "layer"): readonly [head: readonly string[], rows: readonly (readonly string[])[]] {
    const all = (row: Totals) => withCommas(row.parameters + row.untrained);
    const bytes = (row: Totals) => inUnits(row.parameterBytes + row.outputBytes);
    const rows = this.rows.map((row) => [titleOf(row), row.output, all(row), flopText(row), bytes(row)]);
    if (this.outside.flops > 0 && this.rows.length > 0)
      rows.push(["outside layers", "", "", flopText(this.outside), ""]);
    rows.push(["total", "", all(this), flopText(this), bytes(this)]);
    return [[title, "output", "parameters", "flops", "memory"], rows];
  }

  /** What stands under the table. */
  get notes(): readonly string[] {
    const { planned, untrained } = this;
    const others = untrained > 0 ? `, ${withCommas(untrained)} that are not` : "";
    const bound = Object.entries(this.sizes).map(([name, size]) => `${name} ${size}`);
    const forward = bound.length > 0 ? `a forward pass with ${bound.join(", ")}` : "a forward pass";
    const products = this.multiplyAdds > 0 ? `, ${inThousands(this.multiplyAdds)} multiply-adds among them, which count two` : ""; // prettier-ignore
    const lines = [
      `${withCommas(this.parameters)} trained numbers${others}: ${inUnits(this.parameterBytes)}`,
      `${forward}: ${flopText(this)} flops${products}; outputs of ${inUnits(this.outputBytes)}`,
    ];
    if (!planned) return lines;
    const inference = planned.inference === null ? "" : `inference ${inUnits(planned.inference)}, `;
    return [...lines, `compiled, it plans beside parameters: ${inference}a training step ${inUnits(planned.training)}`];
  }

  /** Tells a report the table, under a title, and the notes. */
  tell(report: Pick<Report, "table" | "line">, title?: string): void {
    report.table(...this.table(title));
    report.line(this.notes.join("\n"));
  }

  /** The table and the notes. */
  toString(): string {
    const [head, rows] = this.table();
    return [textTable([head, ...rows], 2), ...this.notes].join("\n");
  }
}

/** `≥ 1.23 M`: more where loops turn more than once. */
function flopText({ flops, atLeast }: CountedWork): string {
  return `${atLeast ? "≥ " : ""}${inThousands(flops)}`;
}

/** `dense1`, `conv1 (conv2d)`: its kind where the name does not say it. */
function titleOf({ name, kind }: SummaryRow): string {
  const own = name.slice(name.lastIndexOf("/") + 1);
  return own.toLowerCase().startsWith(kind.toLowerCase()) ? name : `${name} (${kind})`;
}
