// Weights of a model as the bytes of a safetensors file, and back.
import { DataError, GraphError } from "#ir/errors.js";
import { parseSafetensors, safetensorsBytes, type TensorFile } from "./files/safetensors.js";
import { loadState, stateOf } from "./nn/state.js";

const format = "gradloom weights";
/** The format of checkpoints, which hold weights among other things. */
export const checkpointFormat = "gradloom checkpoint";

/** All parameters of a model by path, those that are not trained too. */
export function weightBytes(model: unknown, name: string): Uint8Array {
  return safetensorsBytes(stateOf(model), { format, model: name });
}

/**
 * Puts weights into a model: of a file of weights, of a checkpoint, or of another program. Throws a DataError that names the
 * file where it is damaged, or lists what is missing, unknown or of another type; then nothing is changed.
 */
export function loadWeightBytes(model: unknown, bytes: Uint8Array, file: string): void {
  const read = parseSafetensors(bytes, file);
  const tensors = read.metadata.format === checkpointFormat ? weightsIn(read.tensors) : read.tensors;
  loadNamed(file, () => loadState(model, tensors));
}

/** Loads a state that came from a file: errors name it. */
export function loadNamed(file: string, load: () => void): void {
  try {
    load();
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    const what = error.message.split("\n")[0]!.replace(/^loadState: /, "");
    throw new DataError(`${file}: ${what}`, { lines: error.details.lines ?? [] });
  }
}

/** Of a checkpoint's entries, the parameters: those below `model/` that are no slot of an optimiser. */
function weightsIn(tensors: TensorFile["tensors"]): TensorFile["tensors"] {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith("model/"));
  const names = new Set(own.map(([name]) => name));
  const isSlot = (name: string): boolean => names.has(name.slice(0, name.lastIndexOf("/")));
  return Object.fromEntries(own.filter(([name]) => !isSlot(name)).map(([name, x]) => [name.slice(6), x]));
}
