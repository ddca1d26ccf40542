import { performance } from "node:perf_hooks";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { makeStackSource } from "../../tools/console/stack-source.ts";
import { aConsole } from "../support/console.ts";
import { startLargeStack, tokenOfNumber } from "../support/large-stack.ts";
import { launchBrowser, open, shoot, show, WIDTHS } from "./browser.ts";

const APPLICATIONS = 10_000;
const IN_GAP = 5;

/** An odd number of clicks has a median that one of them took. */
const CLICKS = 15;

let browser: Browser;
let large: Awaited<ReturnType<typeof startLargeStack>>;
let served: Awaited<ReturnType<typeof aConsole>>;

beforeAll(async () => {
  const now = Date.now();
  large = await startLargeStack({ applications: APPLICATIONS, inGap: IN_GAP, now });
  browser = await launchBrowser();
  const source = makeStackSource(large.stack, { now: Date.now });
  served = await aConsole({ parts: { source, now: Date.now } });
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  await large?.stop();
});

const listOf = (page: Page) => page.getByRole("listbox");

describe.each(WIDTHS)("ten thousand applications, at $name", ({ size }) => {
  it("are in the list, and only those that are seen are in the page", async () => {
    await using opened = await open(browser, served.url, { size });
    const { page } = opened;
    await listOf(page).getByRole("option").first().waitFor();

    const first = listOf(page).getByRole("option").first();
    expect(await first.getAttribute("aria-setsize")).toBe(String(APPLICATIONS));
    expect(await first.innerText()).toContain("gap: not-delivered");
    await listOf(page).press("End");
    await page.getByRole("option", { name: tokenOfNumber(APPLICATIONS - 1) }).waitFor();

    expect(await listOf(page).getByRole("option").count()).toBeLessThan(60);
    await shoot(page, "ten-thousand");
  });

  it("answer each click; the figure is printed, since a busy machine is slow", async () => {
    await using opened = await open(browser, served.url, { size });
    const { page } = opened;
    await listOf(page).getByRole("option").first().waitFor();
    const rowHeight = size.width < 1_100 ? 92 : 44;

    const chosen: number[] = [];
    const scrolled: number[] = [];
    for (let click = 0; click < CLICKS; click += 1) {
      await show(page, "Applications");
      const number = Math.floor(((click + 0.5) * APPLICATIONS) / CLICKS);
      const row = page.getByRole("option", { name: tokenOfNumber(number) });
      scrolled.push(
        await timed(async () => {
          await listOf(page).evaluate((list, top) => list.scrollTo({ top }), number * rowHeight);
          await row.waitFor();
        }),
      );
      chosen.push(await answerTo(page, tokenOfNumber(number)));
    }

    console.log(
      `${APPLICATIONS} applications, ${size.width} px: a click answers in ${median(chosen)} ms (median of ${CLICKS}), a jump in the list in ${median(scrolled)} ms`,
    );
    expect(chosen).toHaveLength(CLICKS);
  });
});

/** From a click on a row until its timeline is in the page, by the page's own clock: the browser's remote control is not in it. */
async function answerTo(page: Page, token: string): Promise<number> {
  const taken: unknown = await page.evaluate(
    `new Promise((resolve) => {
      const row = [...document.querySelectorAll("[role=option]")].find((one) => one.textContent.includes("${token}"));
      const timeline = document.querySelector("section.chosen");
      const isThere = () => timeline.querySelector(".events li") !== null && timeline.querySelector(".token")?.textContent === "${token}";
      const from = performance.now();
      const look = () => (isThere() ? resolve(performance.now() - from) : requestAnimationFrame(look));
      row.click();
      look();
    })`,
  );
  return Number(taken);
}

async function timed(act: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await act();
  return performance.now() - from;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0);
}
