/** Lines for a file `.env` that the SDK, the command line and the guides read. `secret` is empty when nobody knows it any more. */
export function envBlock(clientId: string, secret = ''): string {
  return [
    `CROSSWALK_ENVIRONMENT_URL=${window.location.origin}`,
    `CROSSWALK_CLIENT_ID=${clientId}`,
    `CROSSWALK_CLIENT_SECRET=${secret}`,
  ].join('\n');
}
