/** Codes of terminals, controls, separators, invisible characters: what no text of others may bring to a terminal. */
export const HOSTILE_PARTS: Readonly<Record<string, string>> = {
  "clears the screen": "\u001b[2J",
  "writes the clipboard": "\u001b]52;c;ZXZpbA==\u0007",
  "is a link elsewhere": "\u001b]8;;http://evil.example\u001b\\here\u001b]8;;\u001b\\",
  "clears by one character": "\u009b2J",
  "writes over its line": "\r",
  "begins a line": "\nStatus       completed\nOutcome      Approved",
  "begins a line otherwise": "\u0085\u000b\u000c\u2028\u2029",
  "turns the direction": "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
  "is not seen": "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u115f\u3164\u{e0041}\ufe0f",
  "rings, deletes, jumps": "\u0007\u0008\u007f\t",
  "is half a character": "\ud800",
  "is nobody's": "\ue000\uffff",
  "is piled up": `e${"\u0301".repeat(50)}`,
};

/** All of it. */
export const HOSTILE = Object.values(HOSTILE_PARTS).join("·");

/** What may not be in what is printed; a newline ends our own lines. */
const FORBIDDEN =
  /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|\p{M}{4}/u;

/** What of it got through; null when nothing did. */
export function hostileIn(printed: string): string | null {
  const found = FORBIDDEN.exec(printed);
  return found === null ? null : JSON.stringify(printed.slice(found.index, found.index + 20));
}
