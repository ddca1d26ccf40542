import type { Implausible } from "./implausible-value.ts";
import type { Channel, StageConfiguration } from "./stage-configuration.ts";

/** What stands in a URL of the configuration stands in the template, in CloudFormation and in every log of a build. */
export function secretsInUrls({ alloy, alarms }: StageConfiguration): readonly Implausible[] {
  const { channels, teams } = alarms;
  const lists = [
    ...(channels === "none" ? [] : Object.entries(channels)).map(
      ([name, list]: readonly [string, readonly Channel[]]) => [`channels.${name}`, list] as const,
    ),
    ...Object.entries(teams).map(([name, list]) => [`teams.${name}`, list] as const),
  ];
  const urls = lists.flatMap(([path, list]) =>
    list.flatMap((channel, index) =>
      "https" in channel
        ? [
            {
              path: `alarms.${path}.${index}.https`,
              given: channel.https,
              wanted: `${BARE}: put the whole address into a secret, and write "{{resolve:secretsmanager:…}}"`,
            },
          ]
        : [],
    ),
  );
  const baseUrl = {
    path: "alloy.baseUrl",
    given: alloy.baseUrl,
    wanted: `${BARE}: the API key belongs into AlloyApiSecret`,
  };
  return [baseUrl, ...urls].filter(({ given }) => {
    const { username = "", password = "" } = URL.parse(given) ?? {};
    return username !== "" || password !== "";
  });
}

const BARE = "a URL without a user and a password";

/** The poller sets a path behind it. */
export function withoutVersion({ alloy: { baseUrl } }: StageConfiguration): readonly Implausible[] {
  const { pathname, search, hash } = new URL(baseUrl);
  if (/\/v\d+$/.test(pathname) && search === "" && hash === "") return [];
  const wanted =
    "a URL that ends with the version of Alloy's API, such as https://sandbox.alloy.co/v1: the poller adds the rest";
  return [{ path: "alloy.baseUrl", given: baseUrl, wanted }];
}

/** API Gateway looks for the document itself. */
export function issuerByItsDocument({ auth }: StageConfiguration): readonly Implausible[] {
  if (auth === "secret" || !auth.jwt.issuer.includes("/.well-known")) return [];
  const wanted =
    "the issuer as it stands in the token's iss, without /.well-known/…: API Gateway would refuse every token";
  return [{ path: "auth.jwt.issuer", given: auth.jwt.issuer, wanted }];
}
