import { toJsonSchema } from "@valibot/to-json-schema";

import { isVerb } from "../ops/command-line.ts";
import { RESULTS } from "../ops/results.ts";
import type { VerbName } from "../ops/results.ts";
import { jsonText } from "./event-schemas.ts";

/** JSON Schema 2020-12 of what a verb prints with `--json`, open to the fields of later releases. */
function schemaOfVerb(verb: VerbName): string {
  const schema = toJsonSchema(RESULTS[verb], { target: "draft-2020-12", errorMode: "ignore" });
  return jsonText({ title: `npm run ops -- ${verb} --json`, ...schema });
}

/** The published schemas, one for each verb. */
export function opsSchemaFiles(): readonly (readonly [path: string, text: string])[] {
  return Object.keys(RESULTS)
    .filter(isVerb)
    .map((verb) => [`docs/ops/${verb}.json`, schemaOfVerb(verb)] as const);
}
