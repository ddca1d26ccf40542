import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it } from "vitest";

import { synthesise } from "../../tools/template/synthesise.ts";
import type { StackTemplate } from "../../tools/template/template.ts";
import { production, VARIANTS } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

function textOf({ resources, outputs }: StackTemplate): string {
  return JSON.stringify({ resources, outputs });
}

const ASSETS = /"S3Key":"[0-9a-f]{64}\.zip"/g;

/**
 * What is named by an asset: where no function is bundled, its hash is not that of what is deployed. And all that a first
 * deployment has of its own, as deployment.test.ts says.
 */
const OTHERWISE = new RegExp(
  `${ASSETS.source}|CurrentVersion[0-9A-F]{8}[0-9a-f]{32}|"DeletionProtectionEnabled":(true|false)`,
  "g",
);

it.each(VARIANTS)("the template of %s is the same each time it is made", (_name, stage) => {
  const first = templateOf(stage, { isFirstDeployment: true });
  const [once = "", again] = [first, templateOf(stage)].map((template) =>
    textOf(template).replaceAll(OTHERWISE, ""),
  );

  expect(again).toBe(once);
  // A time of the synth would make each deployment a change.
  expect(once).not.toContain(new Date().toISOString().slice(0, 10));
});

it("so are the functions that a deployment uploads", () => {
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), "assembly-")));

  const [once = "", again] = folders.map((folder) => textOf(synthesise(production, [], folder)));

  expect(again).toBe(once);
  expect(new Set(once.match(ASSETS)).size).toBe(4);
  for (const folder of folders) rmSync(folder, { recursive: true });
});
