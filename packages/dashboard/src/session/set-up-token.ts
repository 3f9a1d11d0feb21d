/** What follows `#token=` in the set-up link that the server printed, or nothing. Taken out of the address, so that it is in no history. */
export function takeToken(): string {
  const token = new URLSearchParams(window.location.hash.slice(1)).get('token') ?? '';
  if (token !== '') window.history.replaceState(null, '', window.location.pathname);
  return token;
}
