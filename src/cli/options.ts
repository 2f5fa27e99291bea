// Options that several commands share, and how their values are read.
import { type Command, InvalidArgumentError, Option } from "commander";
import type { SizeBinding } from "#ir/size.js";
import { namedSizesOf } from "#passes/specialize.js";
import type { Graph } from "#ir/graph.js";
import type { ModelDefinition } from "../define-model.js";
import { bindSizes } from "../bind-sizes.js";
import type { Feeds, FeedSpec } from "../feeds.js";
import { CommandError } from "./failure.js";

/** A whole number from the command line. Throws commander's error where it is none, or below `least`. */
export function integer(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} on.`);
  };
}

/** Adds `--seed`. */
export function withSeed(command: Command): Command {
  return command.option("--seed <n>", "for the initial values; the script's own where nothing is said", integer(0));
}

/** Adds `--size name=value`, any number of times. */
export function withSizes(
  command: Command,
  says = "what a named size stands for; otherwise as in the first batch",
): Command {
  const option = new Option("--size <name=number>", says);
  option.argParser<Record<string, number>>((text, before) => {
    const [name, value, ...rest] = text.split("=");
    const number = Number(value);
    if (name && value && rest.length === 0 && Number.isInteger(number) && number > 0)
      return { ...before, [name]: number };
    throw new InvalidArgumentError("Write it as name=number, such as batch=32.");
  });
  return command.addOption(option);
}

/**
 * A number for every named size of a graph: from `given`, else from the first batch of the model's data. Throws a
 * CommandError for names that the graph does not have, and where neither tells.
 */
export async function sizesFor(
  definition: ModelDefinition,
  graph: Graph,
  inputs: readonly FeedSpec[],
  given: SizeBinding = {},
): Promise<SizeBinding> {
  const names = namedSizesOf(graph);
  checkNames(names, given);
  const missing = names.filter((name) => given[name] === undefined);
  if (missing.length === 0) return given;
  const feeds = await firstBatch(definition);
  const found = feeds ? bindSizes(inputs, feeds, "first batch") : {};
  const unknown = missing.filter((name) => found[name] === undefined);
  if (unknown.length === 0) return { ...found, ...given };
  throw new CommandError(`the size ${unknown[0]} is not known: say what it stands for with --size ${unknown[0]}=…`);
}

/** Throws a CommandError where a name in `given` is none of `names`. */
export function checkNames(names: readonly string[], given: SizeBinding): void {
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const all = names.length > 0 ? `its sizes are ${names.join(", ")}` : "it has no named sizes";
    throw new CommandError(`--size ${name}: the model has no size of that name; ${all}`);
  }
}

/** The first batch of the model's data; null where it has none. */
export async function firstBatch(definition: ModelDefinition): Promise<Feeds | null> {
  const data = await definition.data();
  for (const feeds of data.batches(0)) return feeds;
  return null;
}

/** JSON for people and programs. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
