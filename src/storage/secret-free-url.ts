/**
 * A URL as errors may show it: without password, query and fragment, which may be secrets. Also of
 * text that is no URL: whoever forgets the scheme of a signed URL has a secret in it all the same.
 */
export function secretFreeUrl(url: string | URL): string {
  return String(url)
    .replace(/[?#].*$/s, "")
    .replace(/^([^/]*\/\/)?[^/]*@/, "$1");
}
