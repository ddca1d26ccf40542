import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";

import { expectAccessible, launchBrowser, open, shoot, show, WIDTHS } from "./browser.ts";
import { startLocalScene } from "./local-scene.ts";

let browser: Browser;
let scene: Awaited<ReturnType<typeof startLocalScene>>;

beforeAll(async () => {
  [browser, scene] = await Promise.all([launchBrowser(), startLocalScene()]);
});
afterAll(async () => {
  await browser?.close();
  await scene?.stop();
});

const timelineOf = (page: Page) => page.getByRole("region", { name: "Timeline" });
const attentionOf = (page: Page) => page.getByRole("region", { name: "Attention" });

/** Starts a scenario by its title, and waits for its application. @returns its token. */
async function startScenario(page: Page, title: string): Promise<string> {
  await show(page, "Attention");
  await page.getByLabel("Scenario").selectOption({ label: title });
  await page.getByRole("button", { name: "Start", exact: true }).click();
  const started = page.getByText(/^Started JA-\w+\.$/);
  await started.waitFor();
  const [token = ""] = /JA-\w+/.exec(await started.innerText()) ?? [];
  await show(page, "Timeline");
  return token;
}

async function setFault(page: Page, name: string, isOn: boolean): Promise<void> {
  await show(page, "Attention");
  const fault = page.getByRole("switch", { name });
  await fault.setChecked(isOn);
  await expect.poll(() => fault.isChecked()).toBe(isOn);
}

/** Waits until the application here is as it is at Alloy, and in its end. */
async function waitForEnd(page: Page, token: string, standing: string): Promise<void> {
  await show(page, "Applications");
  await page
    .getByRole("option", { name: new RegExp(`${token}.*here ${standing}.*at Alloy ${standing}`) })
    .waitFor();
}

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

    // While Alloy's API is down, nothing is compared: what was found missing stays so, and can be looked at.
    await setFault(page, "Lost webhooks", true);
    const token = await startScenario(page, "Approved at once");
    await setFault(page, "Lost webhooks", false);
    await waitForEnd(page, token, "completed Approved");

    await show(page, "Timeline");
    await timelineOf(page).getByText("healed by the poller").first().waitFor();
    await shoot(page, "healed");
    expect(faults).toEqual([]);
  });

  test.each([
    ["Endpoint outage", /received after a retry of Alloy|healed by the poller/],
    ["Slow endpoint", /received|retry/],
    ["Duplicates", /received by the first webhook/],
    ["Reordering", /came after a newer event/],
    ["Wrong secret", /received after a retry of Alloy|healed by the poller/],
    ["Switched off", /healed by the poller/],
    ["Alloy's API is down", /received by the first webhook/],
    ["Throttled table", /received|healed/],
  ])("shows what %s does, and that every event takes effect once after it", async (fault, how) => {
    await using opened = await open(browser, scene.url, { size });
    const { page, faults } = opened;

    await setFault(page, fault, true);
    const token = await startScenario(page, "Denied");
    await page.waitForTimeout(1_200);
    await shoot(page, `fault-${fault.replaceAll(/\W+/g, "-").toLowerCase()}`);
    await setFault(page, fault, false);
    await waitForEnd(page, token, "completed Denied");

    await show(page, "Timeline");
    await timelineOf(page).getByText(how).first().waitFor();
    expect(await timelineOf(page).getByText("published as denied").count()).toBe(1);
    expect(faults).toEqual([]);
  });
});
