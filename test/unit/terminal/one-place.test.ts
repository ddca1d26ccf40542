import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** What writes to a terminal, or styles what is written. */
const WRITES =
  /\bconsole\.|process\.std(?:out|err)\b|\b(?:stdout|stderr)\.write|styleText|\\u001b|\\x1b|\\033/i;

/** Tools that people run against what others have sent. */
const FOLDERS = ["ops", "local", "in-process", "alloy-simulator", "guard"];

const files = FOLDERS.flatMap((folder) =>
  readdirSync(`tools/${folder}`, { encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `tools/${folder}/${file}`),
);

it.each(files)(
  "the screen is the one place through which is printed, so %s writes to no terminal",
  (file) => {
    expect(WRITES.exec(readFileSync(file, "utf8"))?.[0] ?? null).toBeNull();
  },
);
