import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible, launchBrowser, open, shoot, show, WIDTHS } from "./browser.ts";
import { startLocalScene } from "./local-scene.ts";
import { attentionOf, setFault, startScenario, timelineOf, waitForEnd } from "./steps.ts";

let browser: Browser;
let scene: Awaited<ReturnType<typeof startLocalScene>>;

beforeAll(async () => {
  [browser, scene] = await Promise.all([launchBrowser(), startLocalScene()]);
});
afterAll(async () => {
  await browser?.close();
  await scene?.stop();
});

describe.each(WIDTHS)("on a laptop, at $name", ({ size }) => {
  it("plays a scenario from its start to its end", async () => {
    await using opened = await open(browser, scene.url, { size });
    const { page, faults } = opened;

    const token = await startScenario(page, "Manual review, then approved");
    await timelineOf(page).getByText("started_application").waitFor();
    await waitForEnd(page, token, "completed Approved");

    await shoot(page, "scenario");
    await show(page, "Timeline");
    expect(await timelineOf(page).getByText("published as approved").count()).toBe(1);
    await expectAccessible(page);
    await shoot(page, "timeline");
    expect(faults).toEqual([]);
  });

  it("composes an application, step by step", async () => {
    await using opened = await open(browser, scene.url, { size });
    const { page, faults } = opened;
    await show(page, "Attention");

    await page.getByRole("button", { name: "Compose an application …" }).click();
    const dialog = page.getByRole("dialog", { name: "Compose an application" });
    await dialog.getByLabel("Step 5", { exact: true }).selectOption({ label: "Denied" });
    await dialog.getByRole("button", { name: "Remove step 3" }).click();
    await dialog.getByLabel("Copies of each webhook").fill("2");
    await expectAccessible(page);
    await shoot(page, "compose");
    await dialog.getByRole("button", { name: "Start it" }).click();

    const started = page.getByText(/^Started JA-\w+\.$/);
    await started.waitFor();
    const [token = ""] = /JA-\w+/.exec(await started.innerText()) ?? [];
    await waitForEnd(page, token, "completed Denied");
    await show(page, "Timeline");
    expect(await timelineOf(page).getByRole("listitem").count()).toBe(5);
    expect(faults).toEqual([]);
  });

  it("says in a sentence what Alloy could not have", async () => {
    await using opened = await open(browser, scene.url, { size });
    const { page } = opened;
    await show(page, "Attention");

    await page.getByRole("button", { name: "Compose an application …" }).click();
    await page.getByLabel("Copies of each webhook").fill("99");
    await page.getByRole("button", { name: "Start it" }).click();

    await attentionOf(page)
      .getByText(/Expected <=5/)
      .waitFor();
    expect(await page.getByText(/^Started/).count()).toBe(0);
  });

  it("opens a gap, names it, and closes it when the poller has healed it", async () => {
    await using opened = await open(browser, scene.url, { size });
    const { page, faults } = opened;

    await setFault(page, "Wrong secret", true);
    const token = await startScenario(page, "Approved at once");
    await show(page, "Attention");
    const gap = attentionOf(page).getByRole("listitem").filter({ hasText: token });
    await gap.getByText(/^rejected, for/).waitFor();
    await shoot(page, "gap");
    await setFault(page, "Wrong secret", false);
    await gap.getByText(/^rejected, healed after/).waitFor();
    await shoot(page, "gap-closed");

    await waitForEnd(page, token, "completed Approved");
    await show(page, "Timeline");
    expect(await timelineOf(page).getByText("healed by the poller").count()).toBeGreaterThan(0);
    await shoot(page, "healed");
    expect(faults).toEqual([]);
  });
});
