import type { CommandUnknownOpts } from "@commander-js/extra-typings";

import { UsageError } from "./operator-error.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** The script by which a shell completes verbs and options. @throws UsageError for another shell. */
export function completionFor(shell: string, line: CommandUnknownOpts): readonly string[] {
  const known = SHELLS.find((one) => one === shell);
  if (known === undefined) {
    throw new UsageError(
      `There is no completion for "${shell}". The shells are ${SHELLS.join(", ")}.`,
    );
  }
  const verbs = line.commands.map((command) => command.name());
  const options = line.options.map(({ long }) => long ?? "").filter((long) => long !== "");
  switch (known) {
    case "bash":
      return bash(verbs, options);
    case "zsh":
      return ["autoload -U +X bashcompinit && bashcompinit", ...bash(verbs, options)];
    case "fish":
      return [
        ...line.commands.map(
          (command) =>
            `complete -c alloy-ops -f -n __fish_use_subcommand -a ${command.name()} -d ${quoted(command.description())}`,
        ),
        ...line.options.map(
          ({ long, description }) =>
            `complete -c alloy-ops -f -l ${(long ?? "").slice(2)} -d ${quoted(description)}`,
        ),
        "alias alloy-ops 'npm run --silent ops --'",
      ];
  }
}

/** The alias is a word that a shell can complete; `npm run ops --` is none. */
function bash(verbs: readonly string[], options: readonly string[]): readonly string[] {
  return [
    "alias alloy-ops='npm run --silent ops --'",
    "_alloy_ops() {",
    "  local word=${COMP_WORDS[COMP_CWORD]}",
    "  if [[ $word == -* ]]; then",
    `    COMPREPLY=($(compgen -W "${options.join(" ")}" -- "$word"))`,
    "  elif [[ $COMP_CWORD -eq 1 ]]; then",
    `    COMPREPLY=($(compgen -W "${verbs.join(" ")}" -- "$word"))`,
    "  fi",
    "}",
    "complete -F _alloy_ops alloy-ops",
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "")}'`;
}
