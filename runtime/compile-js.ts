// From printed JavaScript to functions: kernels with what their text calls in scope.
import type { TypedArray } from "#ir/dtype.js";
import type { Kernel } from "#ir/kernel.js";
import type { JsCall } from "./js-expressions.js";
import { primitives } from "./js-primitives.js";
import { type JsText, printJs, printJsFunction } from "./print-js.js";

/** A launch: takes the kernel's buffers, in order. Throws CheckFailed. */
export type KernelFunction = (...arrays: TypedArray[]) => void;

/** Compiled once per process, by name: `exp_f32`. */
const functions = new Map<string, (...args: number[]) => number>();

/** Compiles a kernel. */
export function compileKernel(kernel: Kernel): KernelFunction {
  return compileText(printJs(kernel)) as KernelFunction;
}

function compileFunction(call: JsCall): (...args: number[]) => number {
  let made = functions.get(call.name);
  if (!made) {
    made = compileText(printJsFunction(call)) as (...args: number[]) => number;
    functions.set(call.name, made);
  }
  return made;
}

/** What the text makes, with what it calls in scope. */
function compileText({ text, calls }: JsText): unknown {
  const scope: Record<string, unknown> = { ...primitives };
  for (const call of calls) scope[call.name] = compileFunction(call);
  return evaluate(text, scope);
}

function evaluate(text: string, scope: Readonly<Record<string, unknown>>): unknown {
  return new Function(...Object.keys(scope), `"use strict";\n${text}`)(...Object.values(scope));
}
