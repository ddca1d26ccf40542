import { readFile } from "node:fs/promises";
import * as v from "valibot";

/** What a file of ours holds; null when there is none, or none that can be read: a crash may have cut it off. */
export async function readJson<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): Promise<v.InferOutput<Schema> | null> {
  const text = await readFile(file, "utf8").catch(() => "");
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return parsed.success ? parsed.output : null;
}
