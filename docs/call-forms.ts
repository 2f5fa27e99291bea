// How each op is called, read off the types of the op table: `conv2d(x, w, { stride?, padding?, … }?)`.
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../", import.meta.url));

/** By the op's name: its arguments as a user writes them; `?` where they may be left out, options by their names. */
export function callForms(): ReadonlyMap<string, string> {
  const index = `${root}ir/ops/index.ts`;
  const config = ts.getParsedCommandLineOfConfigFile(`${root}tsconfig.json`, {}, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
    },
  }); // prettier-ignore
  const program = ts.createProgram([index], { ...config!.options, noEmit: true });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(index)!)!;
  return new Map(
    checker.getExportsOfModule(module).map((op) => {
      const [, , args] = checker.getTypeArguments(checker.getTypeOfSymbol(op) as ts.TypeReference);
      return [op.name, `${op.name}(${argumentsOf(args as ts.TupleTypeReference, checker).join(", ")})`];
    }),
  );
}

function argumentsOf(tuple: ts.TupleTypeReference, checker: ts.TypeChecker): readonly string[] {
  const { labeledElementDeclarations: labels, elementFlags } = tuple.target;
  return checker.getTypeArguments(tuple).map((type, i) => {
    const label = labels?.[i];
    const name = label && ts.isIdentifier(label.name) ? label.name.text : `argument${i + 1}`;
    const flags = elementFlags[i]!;
    const shown = optionsIn(type, checker, name);
    return flags & ts.ElementFlags.Rest ? `...${shown}` : flags & ts.ElementFlags.Optional ? `${shown}?` : shown;
  });
}

/** The argument's name, or the names of its options where it is a record of them; both where it may be either. */
function optionsIn(type: ts.Type, checker: ts.TypeChecker, name: string): string {
  const parts = (type.isUnion() ? type.types : [type]).filter((t) => !(t.flags & ts.TypeFlags.Undefined));
  const records = parts.filter((t) => isOptions(t, checker));
  const options = records.map((record) => {
    const names = record.getProperties().map((p) => (p.flags & ts.SymbolFlags.Optional ? `${p.name}?` : p.name));
    return `{ ${[...new Set(names)].join(", ")} }`;
  });
  return [...(records.length < parts.length ? [name] : []), ...new Set(options)].join(" | ");
}

/** Whether it is a record of options: no tensor, list, array of numbers, size or parameter. */
function isOptions(type: ts.Type, checker: ts.TypeChecker): boolean {
  const isRecord = type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection);
  const names = type.getProperties().map((p) => p.name);
  if (!isRecord || checker.isArrayLikeType(type) || names.length === 0) return false;
  return !["owner", "kind", "length"].some((own) => names.includes(own)) && type.getCallSignatures().length === 0;
}
