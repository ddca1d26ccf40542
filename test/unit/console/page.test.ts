import { describe, expect, it } from "vitest";

import { aConsole, aSource, aStoredApplication, AT } from "../../support/console.ts";

const SCRIPT = `"><img src=x onerror=alert(1)><script>alert(1)</script>`;

describe("the page", () => {
  it("runs no code but its own file, and asks nobody else", async () => {
    await using page = await aConsole();

    const { headers, body } = await page.send(`/?token=${page.token}`);
    const policy = String(headers["content-security-policy"]);

    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe-|\*|https?:/);
    expect(body).not.toMatch(/<script(?![^>]* src="\/)|<style|\son\w+=|\sstyle=|https?:\/\//);
  });

  it("holds no secret: it is the same page for everybody", async () => {
    await using page = await aConsole();

    const parts = await Promise.all(
      [`/?token=${page.token}`, "/console.js", "/console.css"].map((path) => page.send(path)),
    );

    expect(parts.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const { body } of parts) expect(body).not.toContain(page.token);
  });

  it("is kept by no cache, framed by no page, and named to no other server", async () => {
    await using page = await aConsole();

    const { headers } = await page.send(`/?token=${page.token}`);

    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  });
});

describe("what the API answers", () => {
  it("is JSON, whatever a text of others holds", async () => {
    const hostile = aStoredApplication(SCRIPT);
    await using page = await aConsole({ parts: { source: aSource([hostile]) } });

    const { headers, body } = await page.send("/api/applications");

    expect(headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(JSON.parse(body)).toMatchObject({ rows: [{ token: SCRIPT }] });
  });

  it("holds what `ops show` prints without --bodies, and nothing else", async () => {
    const [event] = aStoredApplication("JA-1").events;
    const personal = aStoredApplication("JA-1", {
      state: {
        ...aStoredApplication("JA-1").state,
        externalId: "Ada Lovelace",
        externalGroupId: "Ada Lovelace",
        "entity#EA-1": { status: "Ada Lovelace" },
      },
      events: event === undefined ? [] : [{ ...event, body: Buffer.from("Ada Lovelace") }],
    });
    await using page = await aConsole({ parts: { source: aSource([personal]) } });

    const answers = await Promise.all(
      ["/api/overview", "/api/applications", "/api/application?token=JA-1"].map((path) =>
        page.send(path),
      ),
    );

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const { body } of answers) expect(body).not.toContain("Lovelace");
  });

  it("is a page of the list, and how long the list is", async () => {
    const all = Array.from({ length: 500 }, (_, number) => aStoredApplication(`JA-${number}`));
    await using page = await aConsole({ parts: { source: aSource(all) } });

    const { body } = await page.send("/api/applications?offset=490&limit=50");

    const answered: unknown = JSON.parse(body);
    expect(answered).toMatchObject({ total: 500, offset: 490 });
    expect(answered).toHaveProperty("rows.length", 10);
    expect(answered).toHaveProperty("rows.0.token", "JA-490");
  });

  it("refuses a page of a size that nobody can look at", async () => {
    await using page = await aConsole();

    const asked = ["limit=100000", "limit=0", "limit=-1", "offset=-1", "offset=x"];
    const answers = await Promise.all(asked.map((one) => page.send(`/api/applications?${one}`)));

    expect(answers.map(({ status }) => status)).toEqual(asked.map(() => 400));
  });

  it("names an application that cannot be read, and shows the others", async () => {
    const source = aSource([aStoredApplication("JA-1"), aStoredApplication("JA-2")]);
    const failing = {
      ...source,
      read: async (token: string) => {
        if (token === "JA-1") throw new Error("Throttled");
        return source.read(token, "row");
      },
    };
    await using page = await aConsole({ parts: { source: failing } });

    const { body } = await page.send("/api/applications");

    expect(JSON.parse(body)).toMatchObject({
      rows: [
        { token: "JA-1", unread: "Throttled" },
        { token: "JA-2", unread: null },
      ],
    });
  });

  it("says in a sentence that an application is unknown", async () => {
    await using page = await aConsole();

    const answered = await page.send("/api/application?token=JA-9");

    expect(answered.status).toBe(400);
    expect(answered.body).toContain("The application JA-9 is unknown here.");
  });

  it("carries the server's clock, at which the time axis ends", async () => {
    await using page = await aConsole();

    expect(JSON.parse((await page.send("/api/overview")).body)).toMatchObject({ now: AT });
  });
});
