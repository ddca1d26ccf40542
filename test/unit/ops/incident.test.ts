import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { marshall } from "@aws-sdk/util-dynamodb";
import { expect, it } from "vitest";
import { incident } from "../../../tools/ops/incident.ts";
import { anAnsweringStack, KeptTerminal } from "../../support/operator.ts";

const NOW = Date.parse("2026-11-26T03:00:00.000Z");
const PERSONAL = "Ada Lovelace";

it("incident puts what a support case needs into one file, without personal data", async () => {
  const state = {
    pk: "APPLICATION#JA-1",
    sk: "STATE",
    externalId: PERSONAL,
    status: "running",
    gapStage: "not-delivered",
    gapSince: NOW - 60_000,
  };
  const stack = anAnsweringStack({
    Query: { Items: [marshall(state)] },
    GetFunctionConfiguration: { CodeSha256: "abc", LastModified: "t", Runtime: "nodejs24.x" },
    FilterLogEvents: {
      events: [{ timestamp: NOW, message: '{"level":"ERROR","message":"Publishing failed"}' }],
    },
  });
  const out = mkdtempSync(join(tmpdir(), "incident-"));
  const options = { since: null, until: null, out, now: NOW, wait: () => Promise.resolve() };
  const terminal = new KeptTerminal();

  const { file } = await incident(stack, options, terminal);

  const text = readFileSync(file, "utf8");
  const content = JSON.parse(text);
  expect(statSync(file).mode.toString(8)).toMatch(/600$/);
  expect(content.timelines).toMatchObject([{ applicationToken: "JA-1" }]);
  expect(content.gaps.applications).toMatchObject([{ token: "JA-1", stage: "not-delivered" }]);
  expect(content.logs).toHaveLength(4);
  expect(text).toContain("Publishing failed");
  expect(content.versions.functions).toMatchObject([
    { name: "ingest", codeSha256: "abc" },
    {},
    {},
    {},
  ]);
  expect(text).not.toContain(PERSONAL);
  expect(terminal.lines).toHaveLength(1);
});
