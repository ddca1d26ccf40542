import * as fc from "fast-check";

/** Every character of Unicode. fast-check's own unit of the kind first makes a list of all of them, which takes a second. */
const CHARACTER = fc
  .nat(0x10ffff)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code));

/** Text of any characters. */
export function anyText(constraints: { readonly maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ ...constraints, unit: CHARACTER });
}
