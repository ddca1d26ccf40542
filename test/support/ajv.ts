import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** A reader of JSON Schema 2020-12, as a team in another language has one. */
export function makeAjv(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true });
  addFormats.default(ajv);
  return ajv;
}
