// The encoder's bytes, read back by wabt.
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { float, functionBody, ModuleEncoder, signed, unsigned } from "#runtime/wasm/encoder.js";
import { instruction, instructions, opcode } from "#runtime/wasm/opcodes.js";

const wabt = await wabtInit();

function textOf(bytes: Uint8Array): string {
  const module = wabt.readWasm(bytes, { readDebugNames: true, simd: true, threads: true, relaxed_simd: true });
  return module.toText({});
}

const bytesOf = (write: (out: number[]) => void): number[] => {
  const out: number[] = [];
  write(out);
  return out;
};

describe("LEB128", () => {
  it("writes unsigned numbers in groups of seven bits, lowest first", () => {
    expect(bytesOf((out) => unsigned(out, 127))).toEqual([0x7f]);
    expect(bytesOf((out) => unsigned(out, 128))).toEqual([0x80, 0x01]);
    expect(bytesOf((out) => unsigned(out, 624_485))).toEqual([0xe5, 0x8e, 0x26]);
    expect(bytesOf((out) => unsigned(out, 2 ** 32 - 1))).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
  });

  it("writes signed numbers so that bit 6 of the last byte is the sign", () => {
    expect(bytesOf((out) => signed(out, 63))).toEqual([0x3f]);
    expect(bytesOf((out) => signed(out, 64))).toEqual([0xc0, 0x00]);
    expect(bytesOf((out) => signed(out, -1))).toEqual([0x7f]);
    expect(bytesOf((out) => signed(out, -123_456))).toEqual([0xc0, 0xbb, 0x78]);
    expect(bytesOf((out) => signed(out, -(2 ** 31)))).toEqual([0x80, 0x80, 0x80, 0x80, 0x78]);
  });

  it("writes floats little-endian", () => {
    expect(bytesOf((out) => float(out, 1, "f32"))).toEqual([0, 0, 0x80, 0x3f]);
    expect(bytesOf((out) => float(out, -2, "f64"))).toEqual([0, 0, 0, 0, 0, 0, 0, 0xc0]);
  });
});

describe("modules", () => {
  it("hold imports, functions, names and exports that wabt reads back", () => {
    const encoder = new ModuleEncoder();
    encoder.importMemory("env", "memory", true);
    encoder.importGlobal("env", "base");
    const fail = encoder.importFunction("env", "fail", ["i32"], []);
    const twice = encoder.declare("twice", ["i32"], ["i32"]);
    encoder.define(twice, functionBody(["f32", "f32", "i64"], [0x20, 0, 0x20, 0, ...opcode("i32.add")]));
    encoder.export(twice, "double");
    const text = textOf(encoder.finish());
    expect(fail.index).toBe(0);
    expect(text).toContain('(import "env" "memory" (memory (;0;) 0 65536 shared))');
    expect(text).toContain('(import "env" "base" (global (;0;) i32))');
    expect(text).toContain("(local f32 f32 i64)");
    expect(text).toMatch(/func \$twice .*\n\s+\(local f32 f32 i64\)\s+local.get 0\s+local.get 0\s+i32.add\)/);
    expect(text).toContain('(export "double" (func $twice))'.replace("$twice", "1"));
  });

  it("demand a body for every declared function", () => {
    const encoder = new ModuleEncoder();
    encoder.declare("empty", [], []);
    expect(() => encoder.finish()).toThrow("wasm: function empty has no body");
  });
});

describe("instructions", () => {
  it.each(instructions)("%s has the opcode that wabt knows by this name", (name) => {
    const memory = /load|store/.test(name) ? (/_lane/.test(name) ? [0, 0, 0] : [0, 0]) : [];
    const lane = /(extract|replace)_lane/.test(name) ? [0] : [];
    const long = name === "v128.const" || name === "i8x16.shuffle" ? new Array<number>(16).fill(0) : [];
    const encoder = new ModuleEncoder();
    encoder.importMemory("env", "memory", false);
    const fn = encoder.declare("f", [], []);
    // Behind `unreachable` the stack holds whatever the instruction needs.
    encoder.define(fn, functionBody([], [0x00, ...opcode(name), ...memory, ...lane, ...long, 0x00]));
    const text = textOf(encoder.finish());
    const shown = text.split("\n").map((line) => line.trim().replace(/\)+$/, "").split(" ")[0]);
    expect(shown).toContain(name);
  });

  it("tell the types of their results by their names", () => {
    const resultType = (name: string): string => instruction(name).type;
    expect(resultType("f32.lt")).toBe("i32");
    expect(resultType("i64.eqz")).toBe("i32");
    expect(resultType("f32x4.extract_lane")).toBe("f32");
    expect(resultType("i64x2.extract_lane")).toBe("i64");
    expect(resultType("v128.any_true")).toBe("i32");
    expect(resultType("f64x2.lt")).toBe("v128");
    expect(resultType("i32.trunc_sat_f64_s")).toBe("i32");
    expect(resultType("v128.load32_splat")).toBe("v128");
  });
});
