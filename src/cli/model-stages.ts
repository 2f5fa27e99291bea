// A model script's training step at every stage of compilation.
import type { Graph } from "#ir/graph.js";
import type { SizeBinding } from "#ir/size.js";
import type { ModelDefinition } from "../define-model.js";
import type { Stages } from "../pictures/stages.js";
import { sizesFor } from "./options.js";

/** Builds and compiles the model, keeping every form on the way. */
export async function stagesOfModel(definition: ModelDefinition, given: SizeBinding | undefined): Promise<Stages> {
  const instance = definition.create();
  const step = instance.train();
  const gradient = step.graph;
  const outputs = new Map(gradient.outputs);
  if (Object.keys(instance.static.outputs).length > 0) {
    for (const [name, value] of instance.predict().graph.outputs) outputs.set(name, value);
  }
  const built: Graph = { ...gradient, outputs, updates: new Map() };
  const { stagesOf } = await import("../pictures/stages.js");
  return stagesOf(built, gradient, await sizesFor(definition, gradient, step.inputs, given));
}
