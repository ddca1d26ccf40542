import { middlewareOf, unlogged } from "../strict-aws/middleware.ts";

/**
 * A client of the AWS SDK whose calls end in this process.
 *
 * @param answer - to each call, by its input and its command's name; what it throws is the call's failure.
 * @returns the same client. What is added to it with a high priority, as the limits, sees its calls first.
 */
export function answered<Client extends object>(
  client: Client,
  answer: (input: object, commandName: string) => object | Promise<object>,
): Client {
  middlewareOf(client).add(
    (_, { commandName = "" }) =>
      async ({ input }) => ({
        output: { $metadata: {}, ...(await answer(input, commandName)) },
        response: {},
      }),
    { step: "initialize" },
  );
  return unlogged(client);
}
