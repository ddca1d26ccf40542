import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { ConsoleVerbs } from "../../tools/console/verbs.ts";
import type { Needs } from "../../tools/console/view.ts";
import { runSeed } from "../simulation/play/run-seed.ts";
import { storyOf } from "../simulation/commands/story-file.ts";
import { aConsole, aSource, aStoredApplication, AT, NO_NEEDS } from "../support/console.ts";
import { expectAccessible, launchBrowser, open, shoot, show, WIDTHS } from "./browser.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

/** Would run wherever it were taken for markup or code. */
const HOSTILE = `"><img src=x onerror="document.title='owned'"><script>alert(1)</script>{{7*7}}`;

const event = (token: string, number: number, changes: object) => ({
  eventId: `${token}-${number}`,
  type: "pending_review",
  eventAt: AT - 60_000 + number * 5_000,
  receivedAt: AT - 59_900 + number * 5_000,
  origin: "webhook",
  route: "manual-review",
  ...changes,
});

/** One application of each kind that a row can show. */
const APPLICATIONS = [
  aStoredApplication("JA-gap", {
    state: {
      ...aStoredApplication("JA-gap").state,
      gap: {
        stage: "rejected",
        since: AT - 30_000,
        evidence: "ingest answered 401 at that time",
        events: [{ eventId: "e9", type: "completed_application", at: AT - 30_000 }],
      },
    },
  }),
  aStoredApplication("JA-dead", {
    failures: [
      {
        eventId: "e7",
        eventType: "completed_application",
        reason: "no route takes it",
        failedAt: AT - 5_000,
        deadLettered: true,
      },
      {
        eventId: "e8",
        eventType: "error",
        reason: "Throttled",
        failedAt: AT - 4_000,
        deadLettered: false,
      },
    ],
  }),
  aStoredApplication("JA-many", {
    events: [
      event("JA-many", 1, {}),
      event("JA-many", 2, { receivedAt: AT - 20_000 }),
      event("JA-many", 3, { origin: "poll", receivedAt: AT - 10_000 }),
      event("JA-many", 4, { origin: "replay" }),
    ],
    state: {
      ...aStoredApplication("JA-many").state,
      status: "completed",
      outcome: "Approved",
      settledAt: AT,
    },
  }),
  aStoredApplication(HOSTILE, {
    state: { journeyName: HOSTILE, status: HOSTILE, outcome: HOSTILE, environment: HOSTILE },
    events: [event(HOSTILE, 1, { type: HOSTILE, route: HOSTILE })],
  }),
];

const NEEDS: Needs = {
  isHealthy: false,
  why: "delivery-gap; 1 application in gap; 3 in DeadLetterQueue",
  items: [
    {
      kind: "alarm",
      name: "delivery-gap",
      severity: "page",
      sentence: "an event of Alloy is missing here",
      since: new Date(AT - 600_000).toISOString(),
      next: "gaps",
      runbook: "https://runbooks.example/delivery-gap",
    },
    {
      kind: "alarm",
      name: "hostile",
      severity: "ticket",
      sentence: HOSTILE,
      since: null,
      next: HOSTILE,
      runbook: "javascript:alert(1)",
    },
  ],
  gaps: [{ token: "JA-gap", stage: "rejected", since: AT - 30_000 }],
  gapCount: 1,
  deadLetters: [
    { reason: "no route takes it", count: 2, oldestAt: AT - 86_400_000, tokens: ["JA-dead"] },
    { reason: HOSTILE, count: 1, oldestAt: null, tokens: [HOSTILE] },
  ],
  unread: [],
};

const aFullConsole = (
  options: { readonly verbs?: ConsoleVerbs; readonly canWrite?: boolean } = {},
) =>
  aConsole({
    canWrite: options.canWrite ?? false,
    parts: { source: aSource(APPLICATIONS, NEEDS), verbs: options.verbs ?? null },
  });

const rowsOf = (page: Page) => page.getByRole("listbox").getByRole("option");
const timelineOf = (page: Page) => page.getByRole("region", { name: "Timeline" });

describe.each(WIDTHS)("the page, at $name", ({ size }) => {
  it.each(["light", "dark"] as const)("shows in the %s what needs a person", async (scheme) => {
    await using served = await aFullConsole();
    await using opened = await open(browser, served.url, { size, colorScheme: scheme });
    const { page, faults } = opened;

    await rowsOf(page).first().waitFor();
    await expectAccessible(page);
    await shoot(page, `applications-${scheme}`);
    await show(page, "Attention");
    await page.getByText("Needs attention").waitFor();
    await page.getByText("no route takes it").waitFor();
    await expectAccessible(page);
    await shoot(page, `attention-${scheme}`);
    await page.getByRole("button", { name: "JA-dead" }).click();
    await timelineOf(page).getByText("no route takes it").waitFor();
    await expectAccessible(page);
    await shoot(page, `dead-lettered-${scheme}`);

    expect(faults).toEqual([]);
  });

  it("shows a text of others as a text, wherever it stands", async () => {
    await using served = await aFullConsole();
    await using opened = await open(browser, served.url, { size });
    const { page, faults } = opened;

    await page.getByRole("option", { name: "onerror" }).click();
    await timelineOf(page).getByText("onerror").first().waitFor();
    await page.getByRole("searchbox").fill(`${HOSTILE}?`);
    await page.getByRole("button", { name: "Find" }).click();
    await page.getByText("No application has the id").waitFor();
    await shoot(page, "hostile");

    expect(await page.locator("a").evaluateAll((links) => links.map(String))).toEqual([
      "https://runbooks.example/delivery-gap",
    ]);
    expect(await page.title()).toBe("Console · Alloy Journey webhooks");
    expect(await page.locator("main img, main script, header img").count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it("finds an application by its token", async () => {
    await using served = await aFullConsole();
    await using opened = await open(browser, served.url, { size });
    const { page } = opened;

    await page.getByRole("searchbox").fill("JA-many");
    await page.getByRole("searchbox").press("Enter");

    await timelineOf(page).getByText("healed by the poller").waitFor();
    expect(await timelineOf(page).getByRole("listitem").count()).toBe(4);
  });

  it("is used by the keyboard alone", async () => {
    await using served = await aFullConsole();
    await using opened = await open(browser, served.url, { size });
    const { page } = opened;
    const list = page.getByRole("listbox");
    await rowsOf(page).first().waitFor();

    for (let tabs = 0; tabs < 40 && (await roleInFocus(page)) !== "listbox"; tabs += 1) {
      await page.keyboard.press("Tab");
    }
    expect(await roleInFocus(page)).toBe("listbox");
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowUp");
    expect(await list.getAttribute("aria-activedescendant")).toBe("row-2");
    await shoot(page, "keyboard");
    await page.keyboard.press("Enter");

    await timelineOf(page).getByText("JA-many").first().waitFor();
  });

  it("only reads, and says so, unless it may write", async () => {
    await using served = await aFullConsole();
    await using opened = await open(browser, served.url, { size });
    const { page } = opened;

    await page.getByRole("option", { name: "JA-many" }).click();
    await timelineOf(page).getByText("healed by the poller").waitFor();

    expect(await page.getByText("read-only").isVisible()).toBe(true);
    expect(await page.getByRole("button", { name: "Compare with Alloy" }).count()).toBe(0);
  });

  it("has an application compared, and its dead letters moved, where it may write", async () => {
    const asked: string[] = [];
    const verbs: ConsoleVerbs = {
      check: async (token) => {
        asked.push(`check ${token}`);
        return "The next run of the poller compares it.";
      },
      redrive: async (token) => {
        asked.push(`redrive ${token}`);
        return "Moved 2 messages.";
      },
    };
    await using served = await aFullConsole({ verbs, canWrite: true });
    await using opened = await open(browser, served.url, { size });
    const { page } = opened;

    await page.getByRole("option", { name: "JA-dead" }).click();
    await page.getByRole("button", { name: "Compare with Alloy" }).click();
    await page.getByText("The next run of the poller compares it.").waitFor();
    await page.getByRole("button", { name: "Redrive its dead letters" }).click();
    await page.getByText("Moved 2 messages.").waitFor();

    expect(asked).toEqual(["check JA-dead", "redrive JA-dead"]);
  });

  it("says what went wrong, and goes on when it works again", async () => {
    let isOut = false;
    const source = aSource(APPLICATIONS);
    const failing = {
      ...source,
      needs: async () => {
        if (isOut) throw new Error("the token of the session has ended");
        return NO_NEEDS;
      },
    };
    await using served = await aConsole({ parts: { source: failing } });
    await using opened = await open(browser, served.url, { size });
    const { page } = opened;
    await rowsOf(page).first().waitFor();

    isOut = true;
    await page.getByRole("alert").getByText("the token of the session has ended").waitFor();
    isOut = false;
    await page.getByRole("alert").waitFor({ state: "detached" });

    expect(await rowsOf(page).count()).toBe(4);
  });
});

describe.each(WIDTHS)("a story, at $name", ({ size }) => {
  const file = fileURLToPath(new URL("../../package.json", import.meta.url));

  it("is stepped through, forwards and backwards", async () => {
    const story = storyOf(await runSeed(7));
    const last = story.lines.length;
    await using served = await aFullConsole();
    await using opened = await open(browser, served.url, { size });
    const { page, faults } = opened;

    await show(page, "Attention");
    await page.getByLabel("A file of").setInputFiles({
      name: "story.json",
      mimeType: "application/json",
      buffer: Buffer.from(JSON.stringify(story)),
    });
    const view = page.getByRole("region", { name: "Story of seed 7" });
    const line = async () => /Line (\d+) of/.exec(await view.innerText())?.[1];
    await view.getByText("Every promise was kept.").waitFor();
    expect(await line()).toBe("1");

    for (let step = 0; step < 12; step += 1)
      await view.getByRole("button", { name: "Forward" }).click();
    expect(await line()).toBe("13");
    await expectAccessible(page);
    await shoot(page, "story");
    await view.getByRole("button", { name: "Back" }).click();
    expect(await line()).toBe("12");

    await view.getByRole("group", { name: "Lines of the story" }).focus();
    await page.keyboard.press("ArrowRight");
    expect(await line()).toBe("13");
    await page.keyboard.press("End");
    expect(await line()).toBe(String(last));
    expect(
      await view
        .getByText(/here .*/)
        .first()
        .innerText(),
    ).not.toContain("unknown");
    await shoot(page, "story-end");
    await page.keyboard.press("Home");
    expect(await line()).toBe("1");

    await view.getByRole("button", { name: "Close the story" }).click();
    await page.getByRole("listbox").waitFor();
    expect(faults).toEqual([]);
  });

  it("refuses in a sentence a file that is no story", async () => {
    await using served = await aFullConsole();
    await using opened = await open(browser, served.url, { size });
    const { page } = opened;
    await show(page, "Attention");

    await page.getByLabel("A file of").setInputFiles({
      name: "package.json",
      mimeType: "application/json",
      buffer: readFileSync(file),
    });

    const said = page.getByText("This is no story, at v, seed, knobs.");
    await said.waitFor();
    expect(await page.getByRole("region", { name: /Story/ }).count()).toBe(0);
  });
});

async function roleInFocus(page: Page): Promise<unknown> {
  return page.evaluate(`document.activeElement.getAttribute("role")`);
}
