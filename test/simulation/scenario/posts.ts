import type { WebhookBody } from "../../../tools/alloy-simulator/webhook.ts";
import type { Random } from "../../../tools/cloud-in-memory/random.ts";

/** Something that is posted to the endpoint and is no event of an application. */
export interface Post {
  readonly name: string;
  readonly at: number;
  /** What becomes of it: recorded and published on a route, or dead-lettered with a reason. */
  readonly becomes: "other" | "unrecognised" | "dead-letter";
  /** What is recorded of it. */
  readonly content: unknown;
  /** The body, where it is the same in each attempt. */
  readonly text: string | null;
  readonly write: (webhook: WebhookBody) => string;
}

/** Another family of Alloy's webhooks, as its documentation shows them. */
function review(name: string): Omit<Post, "name" | "at"> {
  const content = { review_token: `RV-${name}`, outcome: "Approved", notes: [], reviewer: "a@b.c" };
  return {
    becomes: "other",
    content,
    text: null,
    write: ({ requestToken, sentAt, reread }) =>
      JSON.stringify(
        reread
          ? { data: content, type: "create:reviews:is_entity", timestamp: sentAt }
          : {
              request_token: requestToken,
              timestamp: sentAt,
              type: "create:reviews:is_entity",
              data: content,
            },
      ),
  };
}

function raw(text: string, becomes: Post["becomes"], content: unknown): Omit<Post, "name" | "at"> {
  return { becomes, content, text, write: () => text };
}

/** What nobody can ever use: JSON that is deeper than anything of Alloy's. */
const TOO_DEEP = `{"type":"update:journeyapplications:sandbox","data":${"[".repeat(1_000)}${"]".repeat(1_000)}}`;

/** A few of them, each at most once: two posts of one content would be one. */
export function postsOf(random: Random, startAt: number, endAt: number): readonly Post[] {
  const kinds = [
    (name: string) => review(name),
    () => raw("{}", "unrecognised", {}),
    () => raw("[1]", "unrecognised", [1]),
    () => raw("42", "unrecognised", 42),
    () => raw('{"type":"test","data":null}', "other", null),
    () => raw("not JSON", "dead-letter", null),
    () => raw(TOO_DEEP, "dead-letter", null),
  ];
  return kinds.flatMap((kind, index) => {
    if (!random.chance(0.07)) return [];
    const at = random.between(startAt, endAt);
    const name = `P${index + 1}`;
    return [{ name, at, ...kind(name) }];
  });
}
