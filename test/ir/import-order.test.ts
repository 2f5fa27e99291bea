// Gradient rules mention each other, so the files of ops import each other in circles. That is harmless as long as nothing
// in such a circle runs while it is being loaded: then any file can be the first.
import { readdirSync } from "node:fs";
import { beforeEach, expect, test, vi } from "vitest";

beforeEach(() => void vi.resetModules());

const root = new URL("../../ir/", import.meta.url);
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

test.each(files)("ir/%s can be imported first", async (file) => {
  await expect(import(new URL(file, root).pathname)).resolves.toBeTypeOf("object");
});
