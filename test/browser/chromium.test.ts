// gradloom in a page: Debian's chromium trains XOR with one thread and with two.
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle, type PageServer, servePage } from "./page-server.js";
import type { Trained } from "./train-xor.js";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const there = existsSync(executablePath);
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

describe.skipIf(!there)(there ? "in chromium" : `in chromium (skipped: there is no ${executablePath})`, () => {
  let browser: Browser;
  let script = "";
  const servers: PageServer[] = [];
  beforeAll(async () => {
    script = bundle("test/browser/train-xor.ts");
    browser = await chromium.launch({ executablePath, headless: true, args });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) server.close();
  });

  const trained = async (isolated: boolean): Promise<Trained> => {
    const server = await servePage(script, isolated);
    servers.push(server);
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(server.url);
    const found = await page.evaluate<Trained>("trained()");
    expect(errors).toEqual([]);
    return found;
  };

  test("XOR is learnt with one thread and with two, run and runAsync, all to the same bits", async () => {
    const { isolated, losses, threads, answers } = await trained(true);
    expect(isolated).toBe(true);
    expect(threads).toBe(2);
    expect(answers.map(Math.round)).toEqual([0, 1, 1, 0]);
    for (const other of losses.slice(1)) expect(other).toEqual(losses[0]);
  }, 120_000);

  test("where memory cannot be shared, one thread does it all", async () => {
    const { isolated, losses, threads, answers } = await trained(false);
    expect([isolated, threads]).toEqual([false, 1]);
    expect(answers.map(Math.round)).toEqual([0, 1, 1, 0]);
    for (const other of losses.slice(1)) expect(other).toEqual(losses[0]);
  }, 120_000);
});
