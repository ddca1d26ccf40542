import { readdirSync, readFileSync } from "node:fs";

/** Every runbook there is. */
export function runbooks() {
  return readdirSync("docs/runbooks").map((file) => ({
    /** The alarm's id. */
    id: file.replace(/\.md$/, ""),
    text: readFileSync(`docs/runbooks/${file}`, "utf8"),
  }));
}

/** The lines of a page's blocks of commands, and the commands in its sentences. */
export function commandsIn(text: string): readonly string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
    block.split("\n"),
  );
  const inline = [...text.matchAll(/`((?:npm|aws) [^`]+)`/g)].map(([, command = ""]) => command);
  return [...blocks, ...inline].map((line) => line.trim()).filter((line) => line !== "");
}

/** What stands in code style in a page's sentences, but for commands. */
export function codeIn(text: string): readonly string[] {
  const sentences = text.replaceAll(/```sh\n[\s\S]*?```/g, "");
  return [...sentences.matchAll(/`([^`]+)`/g)]
    .map(([, code = ""]) => code)
    .filter((code) => !/^(npm|aws) /.test(code));
}

/** Takes a command of the AWS CLI apart. @throws Error when it is none, or not of the form `aws service operation --option value …`. */
export function parseAwsCommand(command: string) {
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? "") : quoted,
  );
  const [program, service = "", operation = "", ...rest] = words;
  if (program !== "aws" || rest.length % 2 !== 0) {
    throw new Error(`${command} is not "aws service operation --option value …".`);
  }
  /** By the names that the API gives them. */
  const options: Record<string, string> = {};
  for (let index = 0; index < rest.length; index += 2) {
    const [option = "", value = ""] = [rest[index], rest[index + 1]];
    if (!option.startsWith("--")) throw new Error(`${command} has "${option}" for an option.`);
    options[pascal(option.slice(2))] = value;
  }
  return { service, operation: pascal(operation), options };
}

function pascal(kebab: string): string {
  return kebab
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** The output that a command's `--query` picks. */
export function queriedOutput(query: string): string | null {
  const [, key] = /^Stacks\[0\]\.Outputs\[\?OutputKey=='(\w+)'\]\.OutputValue$/.exec(query) ?? [];
  return key ?? null;
}
