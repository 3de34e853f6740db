/**
 * The secret behind the # of a set-up or invitation link. It never reaches the server by itself, and it
 * leaves the address bar as soon as it is read, so that it is not copied along or kept in the history.
 */
let kept: { path: string; token: string } | null = null;

export function takeToken(): string {
  const { pathname, hash } = window.location;
  const token = decodeURIComponent(hash.replace(/^#/, ""));
  if (token) {
    kept = { path: pathname, token };
    window.history.replaceState(window.history.state, "", pathname);
  }
  return kept?.path === pathname ? kept.token : "";
}
