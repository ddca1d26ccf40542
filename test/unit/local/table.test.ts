import { describe, expect, it } from "vitest";
import { plain, rendered } from "../../../tools/terminal/lines.ts";
import { renderTable } from "../../../tools/local/terminal/table.ts";
import { aVerdict } from "../../support/verdict.ts";

describe("the table of npm start -- --once", () => {
  it("shows an application in two lines", () => {
    const [, , , , first, second] = renderTable([aVerdict()]).map(plain);

    expect(first).toBe(
      "✔ agrees   every-webhook-three-times    completed Denied    completed Denied                  3         2       1",
    );
    expect(second).toBe("           JA-BDCF9XsQ0aZ7kLmN2pRt      denied 1, progressed 2");
  });

  it("shows what is wrong below it", () => {
    const text = renderTable([
      aVerdict({ here: null, published: {}, faults: ["it is unknown here"] }),
    ])
      .map(plain)
      .join("\n");

    expect(text).toContain("✘ differs");
    expect(text).toContain("unknown");
    expect(text).toContain("  nothing\n");
    expect(text).toContain("           it is unknown here");
  });

  it("stays within 120 columns whatever the statuses are", () => {
    const { alloy } = aVerdict();
    const long = {
      ...alloy,
      status: "pending_journey_application_review",
      scenario: "x".repeat(60),
    };

    const lines = renderTable([aVerdict({ alloy: long })]).map(plain);

    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
    expect(lines.join("\n")).toContain("pending_journey_a…");
  });

  it("colours only through what it is given", () => {
    const painted: string[] = [];

    for (const line of renderTable([aVerdict()])) {
      rendered(line, (style, text) => {
        painted.push(style);
        return text;
      });
    }

    expect(new Set(painted)).toEqual(new Set(["dim", "bold", "green"]));
  });
});
