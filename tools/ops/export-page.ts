import type { PersonExport } from "./person-export.ts";
import { timeText } from "./time-text.ts";

/** The export as a page for people: one file, without scripts and without anything from elsewhere. */
export function pageOf(
  content: PersonExport,
  signature: { readonly keyId: string; readonly digest: string } | null,
): string {
  const applications = content.applications.map(({ token, legalHold, state, items }) => {
    const held =
      legalHold === null
        ? ""
        : `<p>Under a legal hold since ${escaped(timeText(legalHold.since))}.</p>`;
    const rows = items.map((item) => tableOf(String(item["sk"]), item)).join("");
    return `<h2>Application ${escaped(token)}</h2>${held}${tableOf("What is known", state ?? {})}${rows}`;
  });
  const letters = content.deadLetters.map((letter) =>
    tableOf("A message that failed", { ...letter }),
  );
  const webhooks = content.unsupportedWebhooks.map((item) => tableOf("Another webhook", item));
  const elsewhere = content.elsewhere.map(
    ({ place, holds, keeps }) =>
      `<tr><td>${escaped(place)}</td><td>${escaped(holds)}</td><td>${escaped(keeps)}</td></tr>`,
  );
  const signed =
    signature === null
      ? "This export is not signed."
      : `The JSON file is signed with ${escaped(signature.keyId)}; its SHA-256 is ${escaped(signature.digest)}.`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Stored data</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{font:15px/1.5 system-ui;margin:2rem auto;max-width:60rem}table{border-spacing:0;width:100%;margin:0 0 1rem}
td,th{border:1px solid #ccc;padding:.3rem .5rem;text-align:left;vertical-align:top;word-break:break-word}caption{text-align:left;font-weight:600}</style>
<h1>Stored data</h1>
<p>From ${escaped(content.stack)} at ${escaped(content.exportedAt)}. ${signed}</p>
${[...applications, ...letters, ...webhooks].join("\n")}
<h2>Where else</h2>
<p>${content.investigations} steps of Investigations name the person and are not part of this export.</p>
<table><tr><th>Place</th><th>Holds</th><th>How long</th></tr>${elsewhere.join("")}</table>
</html>
`;
}

function tableOf(caption: string, values: Readonly<Record<string, unknown>>): string {
  const rows = Object.entries(values).map(
    ([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(textOf(value))}</td></tr>`,
  );
  return `<table><caption>${escaped(caption)}</caption>${rows.join("")}</table>`;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "-";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
