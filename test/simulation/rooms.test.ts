import { globSync, readFileSync } from "node:fs";

import { expect, test } from "vitest";

const PAGE = readFileSync(new URL("../../docs/simulation.md", import.meta.url), "utf8");
/** In the order of the page: each imports only from those above it. */
const ROOMS = [...PAGE.matchAll(/^\| `([a-z]+)\/` \|/gm)].map(([, room = ""]) => room);

test("docs/simulation.md names every folder", () => {
  const files = globSync("*/*.ts", { cwd: import.meta.dirname });
  expect(new Set(files.map((file) => file.split("/")[0]))).toEqual(new Set(ROOMS));
});

test.each(ROOMS.map((room, index) => ({ room, above: ROOMS.slice(0, index) })))(
  "$room imports only from the folders above it",
  ({ room, above }) => {
    const files = globSync(`${room}/*.ts`, { cwd: import.meta.dirname });
    const texts = files.map((file) => readFileSync(`${import.meta.dirname}/${file}`, "utf8"));
    const imported = texts.flatMap((text) =>
      [...text.matchAll(/from "\.\.\/([a-z]+)\//g)].map(([, other = ""]) => other),
    );
    expect(imported.filter((other) => !above.includes(other))).toEqual([]);
  },
);
