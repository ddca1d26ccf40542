import { describe, expect, test } from "vitest";

import { decisionContentIn } from "../../../lambdas/domain/application/decision-content.ts";
import { DECISION } from "../../../lambdas/settings/limits.ts";

const ALL = { outcomeReasons: true, tags: true, outputAttributes: ["credit_limit", "score"] };

function contentOf(output: unknown, settings = ALL) {
  return decisionContentIn({ terminal_reconciliation_output: output }, settings);
}

describe("the decision in an answer", () => {
  test("has the reasons, those of adverse action marked and first", () => {
    const { outcomeReasons } = contentOf({
      outcome_reasons: [
        { name: "Address confirmed", type: "approval" },
        { name: "Too little income", type: "adverse_action" },
        { name: "No type", type: null },
        { name: "Other letters", type: "Adverse Action" },
      ],
    });

    expect(outcomeReasons?.map(({ name, adverseAction }) => [name, adverseAction])).toEqual([
      ["Too little income", true],
      ["Other letters", true],
      ["Address confirmed", false],
      ["No type", false],
    ]);
  });

  test.each([undefined, null, "text", 7, [], {}, { outcome_reasons: null, tags: {} }])(
    "says nothing where the field is %j",
    (output) => {
      expect(contentOf(output)).toEqual({
        outcomeReasons: null,
        tags: null,
        outputAttributes: null,
        omitted: null,
      });
    },
  );

  test("reads what is unambiguous, and leaves out what is not", () => {
    const content = contentOf({
      outcome_reasons: ["Text alone", { type: "adverse_action" }, null, 7, { name: "" }],
      tags: ["one", "one", { name: "two" }, null, [], 3],
      output_attributes: { score: null, unasked: "x" },
    });

    expect(content.outcomeReasons?.map(({ name }) => name)).toEqual(["Text alone", "7"]);
    expect(content.tags).toEqual(["one", "two", "3"]);
    expect(content.outputAttributes).toEqual({ score: null });
  });

  test("has nothing that configuration does not ask for", () => {
    const output = { outcome_reasons: [{ name: "x" }], tags: ["y"], output_attributes: { z: 1 } };
    const asked = { outcomeReasons: false, tags: false, outputAttributes: [] };

    expect(contentOf(output, asked)).toEqual({
      outcomeReasons: null,
      tags: null,
      outputAttributes: null,
      omitted: null,
    });
  });

  test("leaves out what is too large and names it, the reasons of adverse action last", () => {
    const { outputAttributes, omitted, ...content } = contentOf({
      outcome_reasons: [{ name: "Too little income", type: "adverse_action" }],
      tags: ["x".repeat(5_000)],
      output_attributes: { credit_limit: "x".repeat(DECISION.mostBytes), score: 3 },
    });

    expect(content.outcomeReasons).toHaveLength(1);
    expect(content.tags?.[0]).toMatch(/^x+…$/);
    expect(outputAttributes).toEqual({ score: 3 });
    expect(omitted).toEqual({
      outcomeReasons: 0,
      tags: 0,
      outputAttributes: ["credit_limit"],
      cutTexts: 1,
    });
  });

  test("fits 64 KB as it stands on the bus, whatever Alloy writes", () => {
    const name = (index: number) => `${String.fromCodePoint(1)}${index}`.repeat(200);
    const names = Array.from({ length: 2_000 }, (_, index) => ({ name: name(index) }));
    const { omitted, ...content } = contentOf({ outcome_reasons: names, tags: names });

    expect(JSON.stringify(content).length).toBeLessThan(DECISION.mostBytes + 1_000);
    expect((content.outcomeReasons?.length ?? 0) + (omitted?.outcomeReasons ?? 0)).toBe(2_000);
    expect(omitted?.tags).toBe(2_000);
  });
});
