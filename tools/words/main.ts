/**
 * The part of `npm run lint` that reads words: it names every banned word with its file and line, and the word to
 * use. `BANNED` in banned.ts lists them.
 */
import { BANNED } from "./banned.ts";
import { filesToRead } from "./files.ts";
import { bannedWordsIn, sentenceOf } from "./find.ts";

const files = filesToRead();
const findings = files.flatMap(({ file, text }) => [
  ...bannedWordsIn(file, file),
  ...bannedWordsIn(file, text),
]);
for (const finding of findings) console.error(sentenceOf(finding));
const forms = BANNED.flatMap((word) => word.forms).length;
console.log(`${forms} banned words, ${files.length} files, ${findings.length} found.`);
process.exitCode = findings.length === 0 ? 0 : 1;
