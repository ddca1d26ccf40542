/** Why a text must not be used as a secret. */
export const WEAKNESSES = ["too-short", "placeholder", "predictable", "same-as-username"] as const;

export type Weakness = (typeof WEAKNESSES)[number];

/** 16 random letters and digits are 95 bits: nobody guesses them over the network. */
const LEAST_CHARACTERS = 16;

/** "0123456789abcdef" has two different steps from one character to the next, a random text about as many as letters. */
const LEAST_DIFFERENT_STEPS = 5;

/** What the documentation shows where a secret belongs, as `wordsOf` returns it; a test holds the list to the documentation. */
const DOCUMENTED = new Set([
  "…",
  "...",
  "a long random text",
  "another long random text",
  "an old long random text",
  "its secret",
  "openssl rand base64 32",
]);

/** What people write where a secret belongs: "your API token", "change me", `<password>`, `$(openssl …)`, `{{secret}}`. */
const PLACEHOLDER =
  /^(?:your (?:\w+ )*(?:password|secret|token|key)\b|change ?(?:me|it|this)\b|replace (?:me|it|this|with)\b)|\bplaceholder\b|\blong random (?:text|string|password|secret)\b/u;
const TEMPLATE = /^(?:<.*>|\$\(.*\)|\$?\{.*\}|%.*%)$/su;

/** Whether a text is a placeholder of the documentation or of a form, not a secret. */
export function isPlaceholder(text: string): boolean {
  const words = wordsOf(text);
  return DOCUMENTED.has(words) || PLACEHOLDER.test(words) || TEMPLATE.test(text.trim());
}

/**
 * Checks a secret that people invent.
 *
 * @param username - the user of the secret, if it is a password.
 * @returns null when it can be used.
 */
export function weaknessOf(secret: string, username?: string): Weakness | null {
  const text = secret.trim();
  if (isPlaceholder(text)) return "placeholder";
  if (text.toLowerCase() === username?.trim().toLowerCase()) return "same-as-username";
  const characters = Array.from(text);
  if (characters.length < LEAST_CHARACTERS) return "too-short";
  const codes = characters.map((character) => character.codePointAt(0) ?? 0);
  const steps = new Set(codes.slice(1).map((code, index) => code - (codes[index] ?? 0)));
  return steps.size < LEAST_DIFFERENT_STEPS || isRepetition(text) ? "predictable" : null;
}

/** "passwordPasswordpass" repeats at most eight characters; a random text of sixteen does so once in 10^12. */
function isRepetition(text: string): boolean {
  const characters = Array.from(text.toLowerCase());
  return [1, 2, 3, 4, 5, 6, 7, 8].some((period) =>
    characters.slice(period).every((one, index) => one === characters[index]),
  );
}

/** Lower case, without what separates words. A text without a letter and digit stays as it is. */
function wordsOf(text: string): string {
  return (
    text
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu)
      ?.join(" ") ?? text.trim()
  );
}
