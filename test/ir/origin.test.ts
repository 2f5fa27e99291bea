// The user's line is found in stack traces of every engine.
import { expect, test } from "vitest";
import { userOrigin } from "#ir/origin.js";

const own = new URL("../../ir/builder.ts", import.meta.url).href;

test.each([
  ["Node.js, in a function", "at train (file:///home/me/train.mjs:4:12)", "/home/me/train.mjs"],
  ["Node.js, at top level", "at file:///home/me/train.mjs:4:12", "/home/me/train.mjs"],
  ["Node.js, after await", "at async file:///home/me/train.mjs:4:12", "/home/me/train.mjs"],
  ["CommonJS, a folder with a space", "at Object.<anonymous> (/home/me/my models/train.cjs:4:12)", "/home/me/my models/train.cjs"], // prettier-ignore
  ["Firefox", "train@https://example.org/train.js:4:12", "https://example.org/train.js"],
  ["Firefox, at top level", "@https://example.org/train.js:4:12", "https://example.org/train.js"],
])("%s", (_, frame, file) => {
  const stack = ["Error", `    at Builder.apply (${own}:9:9)`, `    ${frame}`, "    at later (/else.js:1:1)"].join(
    "\n",
  );
  expect(userOrigin(stack)).toMatchObject({ file, line: 4, column: 12 });
});

test("frames of packages and of Node.js itself are not the user's", () => {
  const stack = [
    "Error",
    "    at layer (file:///home/me/node_modules/layers/index.js:1:1)",
    "    at ModuleJob.run (node:internal/modules/esm/module_job:325:25)",
    "    at async node:internal/modules/esm/loader:606:24",
  ];
  expect(userOrigin(stack.join("\n"))).toBeNull();
});
