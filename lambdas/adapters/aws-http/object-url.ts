/**
 * Makes the addresses of a bucket's objects.
 *
 * @param endpoint - another service than AWS's own, addressed by path as emulators want it.
 */
export function makeObjectUrl(
  bucket: string,
  region: string,
  endpoint: string | undefined,
): (key: string) => URL {
  const base =
    endpoint === undefined
      ? `https://${bucket}.s3.${region}.amazonaws.com/`
      : new URL(`${bucket}/`, `${endpoint.replace(/\/+$/, "")}/`).href;
  return (key) => new URL(base + key.split("/").map(encodeStrictly).join("/"));
}

/** Signature Version 4 leaves fewer characters as they are than `encodeURIComponent` does. */
function encodeStrictly(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
