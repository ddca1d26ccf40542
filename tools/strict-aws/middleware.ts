/** What comes after a middleware: the rest of the call. */
export type Handler = (args: { readonly input: object }) => Promise<{
  readonly output: object;
  readonly response: unknown;
}>;

/** Which call of which client it is. */
export interface Context {
  readonly clientName?: string;
  readonly commandName?: string;
}

interface Options {
  readonly name?: string;
  readonly override?: true;
}

type Middleware = (next: Handler, context: Context) => Handler;

interface MiddlewareStack {
  remove(name: string): void;
  add(
    middleware: Middleware,
    options: Options & {
      readonly step: "initialize" | "build";
      readonly priority?: "high" | "low";
    },
  ): void;
  addRelativeTo(
    middleware: Middleware,
    options: Options & { readonly relation: "before"; readonly toMiddleware: string },
  ): void;
}

/** The middleware of a client of the SDK. Each client types it by its own commands; what is added here looks at none. */
export function middlewareOf(client: unknown): MiddlewareStack {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every client of the SDK is one
  return (client as { readonly middlewareStack: MiddlewareStack }).middlewareStack;
}

/** Leaves out the SDK's log, which copies each call and each answer though nobody keeps it. */
export function unlogged<Client>(client: Client): Client {
  middlewareOf(client).remove("loggerMiddleware");
  return client;
}

/** The operation of a command, as the API names it: `PutItem`. */
export function operationOf({ commandName = "" }: Context): string {
  return commandName.replace(/Command$/, "");
}
