import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** A reader of JSON Schema 2020-12, as a team in another language has one. */
export function makeAjv(): Ajv2020 {
  // What it compiles runs a few times: to shorten it takes longer than it saves.
  const ajv = new Ajv2020({ allErrors: true, code: { optimize: false } });
  addFormats.default(ajv);
  return ajv;
}
