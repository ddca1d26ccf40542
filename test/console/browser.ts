import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import axe from "axe-core";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import * as v from "valibot";
import { expect } from "vitest";

/** Where Debian and others install it. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** What the suite takes of every view, for people to look at. */
const SHOTS = fileURLToPath(new URL("../../.local/console/", import.meta.url));

/** So long until something that is waited for counts as never coming; a busy machine is slow. */
const PATIENCE_MS = 20_000;

/** A telephone, and a desk. */
export const WIDTHS = [
  { name: "375 px", size: { width: 375, height: 812 } },
  { name: "1440 px", size: { width: 1_440, height: 900 } },
] as const;

/** @throws Error where no Chromium is installed: the suite fails there, and is not skipped. */
export async function launchBrowser(): Promise<Browser> {
  const given = process.env["CHROMIUM"];
  const executablePath = given ?? PLACES.find((place) => existsSync(place));
  if (executablePath === undefined) {
    throw new Error(
      `The console is tested in Chromium, and there is none at ${PLACES.join(", ")}. On Debian: apt-get install chromium. Elsewhere: set CHROMIUM to the program.`,
    );
  }
  // Its sandbox refuses root, as which a container runs; the pages are ours alone.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

interface Opened {
  readonly page: Page;
  /** What went wrong in the page: errors, refusals of its policy, requests to anybody else. */
  readonly faults: readonly string[];
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** Opens an address, in a browser that keeps nothing of the page before. */
export async function open(
  browser: Browser,
  url: string,
  options: {
    readonly size: { readonly width: number; readonly height: number };
    readonly colorScheme?: "light" | "dark";
  },
): Promise<Opened> {
  const { size: viewport, colorScheme = "light" } = options;
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // An application that was started a moment ago is unknown here until its submission is: the page says so.
    const isRefusal = message.text().includes("status of 400");
    if (message.type() === "error" && !isRefusal) faults.push(message.text());
  });
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const { origin } = new URL(url);
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) faults.push(`asks ${request.url()}`);
  });
  await page.goto(url);
  return { page, faults, [Symbol.asyncDispose]: () => context.close() };
}

const Violations = v.array(v.object({ id: v.string(), where: v.string(), help: v.string() }));

/** Holds what is in the page now to axe's rules, all of them. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const found: unknown = await page.evaluate(
    `axe.run().then(({ violations }) => violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html.slice(0, 160)).join("\\n") })))`,
  );
  expect(v.parse(Violations, found)).toEqual([]);
  await expectNoSidewaysScroll(page);
}

async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const over: unknown = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  expect(over).toBe(0);
}

/** Keeps a picture in `.local/console/`. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  const { width = 0 } = page.viewportSize() ?? {};
  await page.screenshot({ path: `${SHOTS}${name}-${width}.png` });
}

/** Brings a part of the console to the front, where the width shows one at a time. */
export async function show(
  page: Page,
  part: "Attention" | "Applications" | "Timeline",
): Promise<void> {
  const button = page.getByRole("navigation").getByRole("button", { name: part });
  if (await button.isVisible()) await button.click();
}
