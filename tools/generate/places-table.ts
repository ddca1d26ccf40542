import { PLACES } from "../ops/places.ts";

/** Where personal data lies, how long, and what `forget` leaves of it. */
export function placesTable(): string {
  const rows = PLACES.map(({ name, holds, data, keeps, isRemoved, after }) => {
    const left = after === undefined ? "" : `: ${after}`;
    return `| ${name} | ${holds} | ${data} | ${keeps} | ${isRemoved ? "removed" : "remains"}${left} |`;
  });
  return [
    "| Where | Holds | Data | How long | After `forget` |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}
