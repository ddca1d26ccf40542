/** Takes the pictures of the console that README and docs/console.md show: `node test/console/pictures.ts`. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Page } from "playwright-core";

import { launchBrowser, open, show } from "./browser.ts";
import { startLocalScene } from "./local-scene.ts";

const FOLDER = fileURLToPath(new URL("../../docs/pictures/", import.meta.url));

const [browser, scene] = await Promise.all([launchBrowser(), startLocalScene()]);
try {
  mkdirSync(FOLDER, { recursive: true });
  await takeDesk();
  await takeTelephone();
} finally {
  await browser.close();
  await scene.stop();
}
process.exit();

/** A gap that is open beside what was received, retried, late and healed. */
async function takeDesk(): Promise<void> {
  const size = { width: 1_440, height: 900 };
  await using opened = await open(browser, scene.url, { size });
  const { page } = opened;
  for (const title of [
    "Approved at once",
    "Manual review, then approved",
    "All webhooks of an application lost",
    "Webhooks in reverse order",
    "Two entities",
  ]) {
    await start(page, title);
    await page.waitForTimeout(900);
  }
  await page.getByRole("switch", { name: "Endpoint outage" }).check();
  await start(page, "Denied");
  await page.waitForTimeout(400);
  await page.getByRole("switch", { name: "Endpoint outage" }).uncheck();
  await page.waitForTimeout(1_500);
  await page.getByRole("switch", { name: "Wrong secret" }).check();
  await start(page, "Step-up, documents, approved");
  await page.getByText(/gap: /).first().waitFor();
  await page.getByRole("option").filter({ hasText: "gap: " }).first().click();
  await page.getByText("In gap: ").waitFor();
  await page.screenshot({ path: `${FOLDER}console.png` });
  await page.getByRole("switch", { name: "Wrong secret" }).uncheck();
}

async function takeTelephone(): Promise<void> {
  const size = { width: 375, height: 700 };
  await using opened = await open(browser, scene.url, { size, colorScheme: "dark" });
  const { page } = opened;
  await show(page, "Applications");
  await page.getByRole("combobox", { name: "Time" }).selectOption({ label: "last 2 min" });
  await page.waitForTimeout(2_500);
  await page.screenshot({ path: `${FOLDER}console-telephone.png` });
}

async function start(page: Page, title: string): Promise<void> {
  await page.getByLabel("Scenario").selectOption({ label: title });
  await page.getByRole("button", { name: "Start", exact: true }).click();
}
