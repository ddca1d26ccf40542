import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launchBrowser, open, shoot, show, WIDTHS } from "./browser.ts";
import { startLocalScene } from "./local-scene.ts";
import { setFault, startScenario, timelineOf, waitForEnd } from "./steps.ts";

let browser: Browser;
let scene: Awaited<ReturnType<typeof startLocalScene>>;

beforeAll(async () => {
  [browser, scene] = await Promise.all([launchBrowser(), startLocalScene()]);
});
afterAll(async () => {
  await browser?.close();
  await scene?.stop();
});

describe.each(WIDTHS)("faults on a laptop, at $name", ({ size }) => {
  test.each([
    ["Endpoint outage", /received after a retry of Alloy|healed by the poller/],
    ["Slow endpoint", /received|retry/],
    ["Duplicates", /received by the first webhook/],
    ["Reordering", /came after a newer event/],
    ["Lost webhooks", /healed by the poller/],
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
