// Writes docs/ops.md from the op table: `npm run docs:ops`. A test demands that the page is up to date.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Attrs } from "#ir/node.js";
import { printNumber } from "#ir/number-text.js";
import type { AnyOp, Literal, Sample } from "#ir/op.js";
import { opTable } from "#ir/ops/table.js";
import { printAttrs } from "#ir/print-graph.js";
import { printShape } from "#ir/size.js";
import { callForms } from "./call-forms.js";

const root = new URL("../", import.meta.url);
/** Numbers of a sample beyond which it is no example. */
const longest = 12;

/** The text of the page. */
export async function opsPage(): Promise<string> {
  const [families, forms] = [await familiesOf(), callForms()];
  const count = families.reduce((sum, family) => sum + family.ops.length, 0);
  const contents = families.map(
    ({ file, ops }) => `- [${file}](#${file}): ${ops.map((op) => `\`${op.name}\``).join(", ")}`,
  );
  return [
    "# Ops",
    "",
    "<!-- Written by docs/generate-ops.ts from the op table: change the ops, then `npm run docs:ops`. -->",
    "",
    `${count} ops, by the file of \`ir/ops/\` that defines them. Every op with operands is a function of \`ops\` and a method`,
    "of `Tensor` (those of any number of operands are functions only), in both modes. A call is shown as one writes it, with `?`",
    "where something may be left out. Examples are samples that the tests run on every backend, attributes as graphs have",
    "them; errors are calls that must fail with just this message. Where results or gradients are not those of TensorFlow.js,",
    "[a page](beside-tensorflow.md) says why.",
    "",
    ...contents,
    ...families.flatMap(({ file, about, ops }) => [
      "",
      `## ${file}`,
      "",
      about,
      ...ops.flatMap((op) => describe(op, forms.get(op.name)!)),
    ]),
    "",
  ].join("\n");
}

interface Family {
  readonly file: string;
  readonly about: string;
  readonly ops: readonly AnyOp[];
}

async function familiesOf(): Promise<readonly Family[]> {
  const folder = new URL("ir/ops/", root);
  const files = readdirSync(folder).filter((name) => name !== "index.ts" && name !== "table.ts");
  return Promise.all(
    files.sort().map(async (name) => {
      const text = readFileSync(new URL(name, folder), "utf8");
      const head = /^(?:\/\/ .*\n)+/.exec(text)?.[0] ?? "";
      const exported = (await import(new URL(name, folder).href)) as Readonly<Record<string, AnyOp>>;
      return {
        file: name.replace(".ts", ""),
        about: head.replaceAll(/^\/\/ /gm, "").trim(),
        // In the order of the file, which is the order in which they are explained.
        ops: [...opTable.values()]
          .filter((op) => exported[op.name] === op)
          .sort((a, b) => text.indexOf(`export const ${a.name}:`) - text.indexOf(`export const ${b.name}:`)),
      };
    }),
  );
}

function describe(op: AnyOp, call: string): readonly string[] {
  const samples = op.samples as readonly Sample<Attrs>[];
  const example = samples.find((s) => [...s.operands, ...s.results].every((x) => x.data.length <= longest));
  const facts = [
    `${kinds[op.lower.kind]}`,
    `gradient: ${gradientOf(op)}`,
    ...(op.onnx ? [`ONNX \`${op.onnx.type}\``] : []),
  ];
  const messages = (op.rejects ?? []).map((reject) => reject.message);
  return [
    "",
    `### ${op.name}`,
    "",
    op.doc,
    "",
    `\`${call}\` · ${facts.join(" · ")}`,
    ...(example || messages.length > 0 ? ["", "```text"] : []),
    ...(example ? [printSample(op, example)] : []),
    ...messages,
    ...(example || messages.length > 0 ? ["```"] : []),
  ];
}

const kinds = {
  leaf: "leaf",
  compose: "written with other ops",
  compute: "an element at an index",
  scatter: "a place for every source element",
  routine: "statements for every row",
  control: "sub-graphs",
} as const;

function gradientOf(op: AnyOp): string {
  if (op.vjp) return "a rule of its own";
  return op.lower.kind === "compose" ? "that of its expansion" : "none";
}

function printSample(op: AnyOp, { operands, attrs, results }: Sample<Attrs>): string {
  const args = [...operands.map(printLiteral), printAttrs(attrs)].filter((part) => part !== "");
  return `${op.name}(${args.join(", ")}) = ${results.map(printLiteral).join(", ")}`;
}

function printLiteral({ dtype, shape, data }: Literal): string {
  const numbers = data.map((x) =>
    dtype === "f64" ? printNumber(x, dtype) : printNumber(Number(x.toPrecision(7)), dtype),
  );
  return shape.length === 0 ? `${dtype} ${numbers[0]}` : `${dtype}${printShape(shape)} [${numbers.join(", ")}]`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(new URL("docs/ops.md", root), await opsPage());
