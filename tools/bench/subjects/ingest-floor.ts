/** The floor: a handler that does nothing. */
export const handler = (): Promise<{ statusCode: number; body: string }> =>
  Promise.resolve({ statusCode: 200, body: "{}" });
