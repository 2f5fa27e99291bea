// How long eager tensors live: those made inside a scope until its end, the others until they are disposed of or dropped.
import type { EagerTensor } from "./eager-tensor.js";
import type { Storage } from "./storage.js";

// Runs between turns of the event loop only, never within a synchronous loop: hence the scopes.
const dropped = new FinalizationRegistry<Storage>((storage) => storage.release());

/** The tensors made in a scope so far, and the scope around it. */
export interface ScopeFrame {
  readonly tensors: EagerTensor[];
  readonly outer: ScopeFrame | null;
}

let innermost: ScopeFrame | null = null;

/** Opens a scope; `closeFrame` must follow, last opened first. */
export function openFrame(): ScopeFrame {
  innermost = { tensors: [], outer: innermost };
  return innermost;
}

/** Closes the innermost scope: frees its tensors except `survivors` and kept ones, which become leaves. */
export function closeFrame(frame: ScopeFrame, survivors: ReadonlySet<unknown>): void {
  innermost = frame.outer;
  for (const tensor of frame.tensors) {
    if (tensor.disposed) tensor.endHistory();
    else if (tensor.kept) release(tensor);
    else if (survivors.has(tensor)) moveOut(tensor, frame.outer);
    else tensor.free("scope");
  }
}

function moveOut(tensor: EagerTensor, outer: ScopeFrame | null): void {
  if (!outer) return release(tensor);
  tensor.endHistory();
  outer.tensors.push(tensor);
}

function release(tensor: EagerTensor): void {
  tensor.endHistory();
  freeWhenDropped(tensor);
}

/** Puts a new tensor under the innermost scope, or under the garbage collector where there is none. */
export function adopt(tensor: EagerTensor): void {
  if (innermost) innermost.tensors.push(tensor);
  else freeWhenDropped(tensor);
}

/** Frees the tensor's share of its storage some time after nothing refers to the tensor. */
export function freeWhenDropped(tensor: EagerTensor): void {
  if (tensor.storage) dropped.register(tensor, tensor.storage, tensor);
}

/** Forgets a tensor that was disposed of by hand. */
export function forget(tensor: EagerTensor): void {
  dropped.unregister(tensor);
}
