/** A CycloneDX bill of materials, as far as it is read here. */
export interface Bill {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly licenses?: readonly {
      readonly license?: { readonly id?: string; readonly name?: string };
      readonly expression?: string;
    }[];
  }[];
}

/** Licences by SPDX's names that ask for nothing but their own text. */
const BUNDLED = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0"];

/** Further ones of packages that run on the developer's machine, and are not deployed. */
const TOOLS: readonly string[] = [
  ...BUNDLED,
  "BlueOak-1.0.0",
  // lightningcss, of Vitest. It is used as it is.
  "MPL-2.0",
  "(MIT OR GPL-3.0-or-later)",
  // @cloud-copilot checks calls against IAM policies in tests. It is used as it is, and nothing of it is deployed or offered as a service.
  "AGPL-3.0-or-later",
];

/** Packages that the package's commands bring, and no function: they run on the machine of whoever gives the command. */
const OF_COMMANDS: readonly string[] = [
  // Of proper-lockfile, BlueOak-1.0.0.
  "graceful-fs",
];

/** How many packages have each licence, in the order of the names. */
export function countOf({ components }: Bill): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const component of components) {
    const licence = licenceOf(component);
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
  }
  return [...counts].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/**
 * @param scope - `bundled`: what is deployed, and what the package's commands bring; `all`: the tools beside it.
 * @returns a sentence for each package whose licence is not accepted.
 */
export function unacceptedIn({ components }: Bill, scope: "bundled" | "all"): readonly string[] {
  return components
    .filter((component) => {
      const isTool = scope === "all" || OF_COMMANDS.includes(component.name);
      return !(isTool ? TOOLS : BUNDLED).includes(licenceOf(component));
    })
    .map(
      (component) =>
        `${component.name} ${component.version} has the licence ${licenceOf(component)}, which is not accepted ` +
        `(${scope}). Replace the package, or accept the licence in tools/supply-chain/licences.ts and say why.`,
    );
}

function licenceOf({ licenses = [] }: Bill["components"][number]): string {
  const names = licenses.map(
    ({ license, expression }) => expression ?? license?.id ?? license?.name,
  );
  return names.filter((name) => name !== undefined).join(" AND ") || "none";
}
