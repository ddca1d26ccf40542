import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Bench } from "./bench.ts";
import { reportOf } from "./ingest-report.ts";
import { playRounds } from "./ingest-rounds.ts";
import { bundleAll } from "./ingest-subjects.ts";

export const bench: Bench = {
  title: "what a webhook costs before it is answered, beside what the documentation teaches",
  async run({ sizesOnly }) {
    const folder = mkdtempSync(join(tmpdir(), "bench-ingest-"));
    try {
      const bundles = await bundleAll(folder);
      return reportOf(bundles, sizesOnly ? [] : await playRounds(bundles, folder));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
