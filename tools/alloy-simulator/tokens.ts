const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Length of the part after the prefix; Alloy's own examples have about twenty characters. */
const TOKEN_LENGTH = 20;

/** Tokens as Alloy's look, from one source of randomness, so that a seed repeats them. */
export type Tokens = Readonly<ReturnType<typeof makeTokens>>;

/** @param random - uniform over [0, 1). */
export function makeTokens(random: () => number) {
  let lastEventToken = 22_750_000;
  const below = (limit: number) => Math.floor(random() * limit);
  return {
    /** `JA-…`, `EA-…`, `P-…`, `B-…`, `G-…`, `S-…`, `L-…`. */
    token: (prefix: string) =>
      `${prefix}-${Array.from({ length: TOKEN_LENGTH }, () => ALPHABET[below(62)]).join("")}`,
    /** Version 4. */
    uuid: () => {
      const hex = Array.from({ length: 32 }, () => below(16).toString(16));
      hex[12] = "4";
      hex[16] = (8 + below(4)).toString(16);
      return hex.join("").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    },
    /** `journey_application_event_token`: a number that grows, written as text. */
    eventToken: () => {
      // Other clients' events take numbers too: ours are not consecutive.
      lastEventToken += 1 + below(20);
      return String(lastEventToken);
    },
  };
}
