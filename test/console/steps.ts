import type { Page } from "playwright-core";
import { expect } from "vitest";

import { show } from "./browser.ts";

/** What a person does in the console of a laptop. */

export const timelineOf = (page: Page) => page.getByRole("region", { name: "Timeline" });
export const attentionOf = (page: Page) => page.getByRole("region", { name: "Attention" });

/** Starts a scenario by its title, and waits for its application. @returns its token. */
export async function startScenario(page: Page, title: string): Promise<string> {
  await show(page, "Attention");
  await page.getByLabel("Scenario").selectOption({ label: title });
  await page.getByRole("button", { name: "Start", exact: true }).click();
  const started = page.getByText(/^Started JA-\w+\.$/);
  await started.waitFor();
  const [token = ""] = /JA-\w+/.exec(await started.innerText()) ?? [];
  await show(page, "Timeline");
  return token;
}

export async function setFault(page: Page, name: string, isOn: boolean): Promise<void> {
  await show(page, "Attention");
  const fault = page.getByRole("switch", { name });
  await fault.setChecked(isOn);
  await expect.poll(() => fault.isChecked()).toBe(isOn);
}

/** Waits until the application here is as it is at Alloy, and in its end. */
export async function waitForEnd(page: Page, token: string, standing: string): Promise<void> {
  await show(page, "Applications");
  await page
    .getByRole("option", { name: new RegExp(`${token}.*here ${standing}.*at Alloy ${standing}`) })
    .waitFor();
}
