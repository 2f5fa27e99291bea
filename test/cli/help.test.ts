// Help of the program and of every command.
import { expect, test } from "vitest";
import { gradloomProgram } from "#src/cli/program.js";

const commands = ["run", "compare", "dot", "ir", "summary", "check", "gallery"];

async function helpOf(...args: readonly string[]): Promise<string> {
  let text = "";
  const program = gradloomProgram();
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeOut: (part) => (text += part) });
  }
  await program.parseAsync([...args, "--help"], { from: "user" }).catch(() => null);
  return text;
}

test.each(commands)("%s shows examples", async (command) => {
  const help = await helpOf(command);
  expect(help).toContain(`Usage: gradloom ${command} [options] <script`);
  expect(help).toContain(`Examples:\n  gradloom ${command} examples/`);
});

test("gradloom --help lists the seven commands and no other", async () => {
  const listed = [...(await helpOf()).matchAll(/^ {2}(\w+) \[options\]/gm)].map((match) => match[1]);
  expect(listed).toEqual(commands);
});
