// A small encoder of WebAssembly modules: imported memory, functions and globals, function bodies, exports, names.
// The layout of sections follows the core specification, chapter 5.5.
import { InternalError } from "#ir/errors.js";
import type { WasmType } from "./opcodes.js";

const typeCodes: Readonly<Record<WasmType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const maxPages = 65_536;
const utf8 = new TextEncoder();
const floats = new DataView(new ArrayBuffer(8));

/** Appends an unsigned number in LEB128. */
export function unsigned(out: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}

/** Appends a signed 32-bit number in LEB128. */
export function signed(out: number[], value: number): void {
  let rest = value | 0;
  for (;;) {
    const byte = rest & 127;
    rest >>= 7;
    if ((rest === 0 && !(byte & 64)) || (rest === -1 && byte & 64)) {
      out.push(byte);
      return;
    }
    out.push(byte | 128);
  }
}

/** Appends an f32 or f64, little-endian. */
export function float(out: number[], value: number, type: "f32" | "f64"): void {
  if (type === "f32") floats.setFloat32(0, value, true);
  else floats.setFloat64(0, value, true);
  for (let i = 0; i < (type === "f32" ? 4 : 8); i++) out.push(floats.getUint8(i));
}

/** A function of a module: its index is known before its body. */
export interface WasmFunction {
  readonly name: string;
  readonly index: number;
  readonly params: readonly WasmType[];
  readonly results: readonly WasmType[];
}

/** Collects the parts of a module. Imports come before functions. */
export class ModuleEncoder {
  readonly #types = new Map<string, number>();
  readonly #typeBytes: number[][] = [];
  readonly #imports: number[][] = [];
  readonly #functions: WasmFunction[] = [];
  readonly #bodies = new Map<WasmFunction, readonly number[]>();
  readonly #exports: number[][] = [];
  #importedFunctions = 0;

  /** Imports the memory; a shared one must have been made with a maximum. */
  importMemory(module: string, name: string, shared: boolean): void {
    const limits = [shared ? 3 : 0, 0];
    if (shared) unsigned(limits, maxPages);
    this.#imports.push([...text(module), ...text(name), 2, ...limits]);
  }

  /** Imports an immutable i32 global; the first one has index 0. */
  importGlobal(module: string, name: string): void {
    this.#imports.push([...text(module), ...text(name), 3, typeCodes.i32, 0]);
  }

  importFunction(
    module: string,
    name: string,
    params: readonly WasmType[],
    results: readonly WasmType[],
  ): WasmFunction {
    if (this.#functions.length > this.#importedFunctions)
      throw new InternalError("wasm: imports come before functions");
    const bytes = [...text(module), ...text(name), 0];
    unsigned(bytes, this.#type(params, results));
    this.#imports.push(bytes);
    this.#importedFunctions++;
    return this.#declare(name, params, results);
  }

  /** A function whose body `define` gives later. */
  declare(name: string, params: readonly WasmType[], results: readonly WasmType[]): WasmFunction {
    return this.#declare(name, params, results);
  }

  /** `body` holds the declarations of locals and the code, with its `end`. */
  define(fn: WasmFunction, body: readonly number[]): void {
    this.#bodies.set(fn, body);
  }

  export(fn: WasmFunction, name = fn.name): void {
    const bytes = [...text(name), 0];
    unsigned(bytes, fn.index);
    this.#exports.push(bytes);
  }

  /** The binary. Throws InternalError where a declared function has no body. */
  finish(): Uint8Array<ArrayBuffer> {
    const own = this.#functions.slice(this.#importedFunctions);
    const head: number[] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    const indices = own.map((fn) => number(this.#type(fn.params, fn.results)));
    section(head, 1, this.#typeBytes);
    section(head, 2, this.#imports);
    section(head, 3, indices);
    section(head, 7, this.#exports);
    const names: number[] = [];
    section(
      names,
      1,
      this.#functions.map((fn) => number(fn.index).concat(text(fn.name))),
    );
    return joined([head, ...this.#code(own), [0], sized(text("name").concat(names))]);
  }

  /** The code section, in pieces that are only joined at the end. */
  #code(own: readonly WasmFunction[]): (readonly number[])[] {
    if (own.length === 0) return [];
    const pieces = [number(own.length)];
    for (const fn of own) {
      const body = this.#bodies.get(fn);
      if (!body) throw new InternalError(`wasm: function ${fn.name} has no body`);
      pieces.push(number(body.length), body as number[]);
    }
    return [[10, ...number(lengthOf(pieces))], ...pieces];
  }

  #declare(name: string, params: readonly WasmType[], results: readonly WasmType[]): WasmFunction {
    const fn = { name, index: this.#functions.length, params, results };
    this.#functions.push(fn);
    this.#type(params, results);
    return fn;
  }

  #type(params: readonly WasmType[], results: readonly WasmType[]): number {
    const key = `${params.join()}>${results.join()}`;
    let index = this.#types.get(key);
    if (index === undefined) {
      this.#types.set(key, (index = this.#types.size));
      this.#typeBytes.push([
        0x60,
        ...sized(params.map((t) => typeCodes[t])),
        ...sized(results.map((t) => typeCodes[t])),
      ]);
    }
    return index;
  }
}

/** Declarations of locals in the order of their indices, then the code and its end. */
export function functionBody(locals: readonly WasmType[], code: readonly number[]): number[] {
  const groups: { type: WasmType; count: number }[] = [];
  for (const type of locals) {
    const last = groups[groups.length - 1];
    if (last?.type === type) last.count++;
    else groups.push({ type, count: 1 });
  }
  const out: number[] = [];
  unsigned(out, groups.length);
  for (const { type, count } of groups) {
    unsigned(out, count);
    out.push(typeCodes[type]);
  }
  return out.concat(code, 0x0b);
}

function section(out: number[], id: number, entries: readonly (readonly number[])[]): void {
  if (entries.length === 0) return;
  const content = number(entries.length).concat(...entries);
  out.push(id);
  append(out, sized(content));
}

/** Pushes without spreading, which the stack limits. */
function append(out: number[], bytes: readonly number[]): void {
  for (let i = 0; i < bytes.length; i++) out.push(bytes[i]!);
}

const lengthOf = (pieces: readonly (readonly number[])[]): number => pieces.reduce((n, piece) => n + piece.length, 0);

function joined(pieces: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(lengthOf(pieces));
  let end = 0;
  for (const piece of pieces) {
    out.set(piece, end);
    end += piece.length;
  }
  return out;
}

function number(value: number): number[] {
  const out: number[] = [];
  unsigned(out, value);
  return out;
}

const sized = (bytes: readonly number[]): number[] => number(bytes.length).concat(bytes);

const text = (name: string): number[] => sized([...utf8.encode(name)]);
