/**
 * What `ops rotate` posts to see whether the endpoint takes a credential. Ingest answers an authentic one with 204, stores
 * nothing and counts nothing. It is a probe by these very bytes: nothing of Alloy's can be taken for one.
 */
export const PROBE = {
  // To a receiver of an earlier release it is a webhook of another family: recorded once, and of no application.
  body: '{"type":"update:probe","description":"npm run ops -- rotate","data":{}}',
  status: 204,
} as const;
