/**
 * The error catalogue: every `error_code` an answer of Crosswalk can carry.
 *
 * `status` is the HTTP status, `grpc` the google.rpc.Code of the same error, `title` what
 * went wrong in a few words, `wayOut` what the caller can do about it. The reference page
 * and `docs/errors.md` are written from this table; a test proves each code reached.
 */
export const errorCatalogue = {
  INVALID_ARGUMENT: {
    status: 400,
    grpc: 3,
    title: 'A field has a value that is not allowed',
    wayOut: 'Read `field_violations`: each names a field, what is wrong with it and what is allowed.',
  },
  MALFORMED_REQUEST: {
    status: 400,
    grpc: 3,
    title: 'The request is not whole or not valid HTTP',
    wayOut: 'Use an HTTP client library, and send the whole request before you close the connection.',
  },
  UNKNOWN_FIELD: {
    status: 400,
    grpc: 3,
    title: 'The request has a field that does not exist here',
    wayOut: 'Remove or rename the named field. Your own fields belong inside `metadata`.',
  },
  MALFORMED_JSON: {
    status: 400,
    grpc: 3,
    title: 'The body is not one valid JSON document in UTF-8',
    wayOut: 'Send a single JSON value, without duplicate keys and at most 32 levels deep.',
  },
  INEXACT_NUMBER: {
    status: 400,
    grpc: 3,
    title: 'A number would change its value when stored',
    wayOut: 'Send it as a string: a double cannot hold it exactly.',
  },
  INVALID_ID: {
    status: 400,
    grpc: 3,
    title: 'The ID is not one of this kind of record',
    wayOut: 'Use an ID with the named prefix; to look up by your own ID use the `:external` path.',
  },
  INVALID_EXTERNAL_ID: {
    status: 400,
    grpc: 3,
    title: 'The external ID is not allowed',
    wayOut: 'Send 1 to 255 characters in NFC, without control or invisible characters and without white space at either end.',
  },
  INVALID_EMAIL: {
    status: 400,
    grpc: 3,
    title: 'The email address is not allowed',
    wayOut: 'Send one plain address such as `ada@example.com`.',
  },
  INVALID_DOMAIN: {
    status: 400,
    grpc: 3,
    title: 'The domain is not allowed',
    wayOut: 'Send a domain name such as `acme.example`: no address, no path, no trailing dot.',
  },
  INVALID_METADATA: {
    status: 400,
    grpc: 3,
    title: 'The metadata breaks a rule or a limit',
    wayOut: 'The message gives the limit and by how much it was exceeded.',
  },
  INVALID_FILTER: {
    status: 400,
    grpc: 3,
    title: 'The filter cannot be read',
    wayOut: 'See the filter grammar in docs/external-ids-and-metadata.md; the message gives the position.',
  },
  INVALID_PAGE_TOKEN: {
    status: 400,
    grpc: 3,
    title: 'The page token does not belong to this list',
    wayOut: 'Start again without `page_token`, and keep every other parameter the same from page to page.',
  },
  INVALID_REKEY: {
    status: 400,
    grpc: 3,
    title: 'The re-key pairs contradict each other or name an ID nobody has',
    wayOut: 'Name each old and each new ID once; the violations give the position of each bad pair.',
  },
  INVALID_IDEMPOTENCY_KEY: {
    status: 400,
    grpc: 3,
    title: 'The Idempotency-Key header is not usable',
    wayOut: 'Send one header of 1 to 255 printable ASCII characters, for example a UUID.',
  },
  INVALID_PRECONDITION: {
    status: 400,
    grpc: 3,
    title: 'If-Match or If-None-Match cannot be read',
    wayOut: 'Send the `ETag` of an earlier answer unchanged, or `*`.',
  },
  UNAUTHENTICATED: {
    status: 401,
    grpc: 16,
    title: 'The request carries no valid access token',
    wayOut: 'Get a token from POST /oauth/token and send it as `Authorization: Bearer <token>`.',
  },
  PERMISSION_DENIED: {
    status: 403,
    grpc: 7,
    title: 'The client lacks the scope for this call',
    wayOut: 'Use a client that has the named scope.',
  },
  ORGANIZATION_NOT_FOUND: {
    status: 404,
    grpc: 5,
    title: 'There is no such organization in this environment',
    wayOut: 'Check the ID, the system and the environment of your client.',
  },
  USER_NOT_FOUND: {
    status: 404,
    grpc: 5,
    title: 'There is no such user in this environment',
    wayOut: 'Check the ID, the system and the environment of your client.',
  },
  MEMBERSHIP_NOT_FOUND: {
    status: 404,
    grpc: 5,
    title: 'The user is not a member of the organization',
    wayOut: 'Create the membership first, or check both IDs.',
  },
  DOMAIN_NOT_FOUND: {
    status: 404,
    grpc: 5,
    title: 'The organization has no such domain',
    wayOut: 'List the domains of the organization.',
  },
  CLIENT_NOT_FOUND: {
    status: 404,
    grpc: 5,
    title: 'There is no such client or secret in this environment',
    wayOut: 'List the clients of the environment.',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    grpc: 12,
    title: 'There is no such path',
    wayOut: 'The API page at /docs lists every path.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    grpc: 12,
    title: 'The path exists but not with this method',
    wayOut: 'Use one of the methods in the `Allow` header.',
  },
  NOT_ACCEPTABLE: {
    status: 406,
    grpc: 3,
    title: 'The answer cannot be given in the wanted form',
    wayOut: 'Accept `application/json` or leave the header out.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    grpc: 4,
    title: 'The request did not arrive in time',
    wayOut: 'Send the whole request within 30 seconds.',
  },
  EXTERNAL_ID_TAKEN: {
    status: 409,
    grpc: 6,
    title: 'Another record has this external ID',
    wayOut: 'The error names the holder: update or upsert that record, or clear the ID there first.',
  },
  EMAIL_TAKEN: {
    status: 409,
    grpc: 6,
    title: 'Another user has this email address',
    wayOut: 'The error names the holder: add a membership to that user instead.',
  },
  SLUG_TAKEN: {
    status: 409,
    grpc: 6,
    title: 'Another organization has this slug',
    wayOut: 'Choose another slug.',
  },
  DOMAIN_TAKEN: {
    status: 409,
    grpc: 6,
    title: 'An organization has this domain already',
    wayOut: 'The error names the holder: delete the domain there first.',
  },
  MEMBERSHIP_EXISTS: {
    status: 409,
    grpc: 6,
    title: 'The user is a member of the organization already',
    wayOut: 'Update the membership, or use PUT to do whichever is needed.',
  },
  RECORD_BUSY: {
    status: 409,
    grpc: 10,
    title: 'Other writers kept the record locked',
    wayOut: 'Try again after the time in `Retry-After`.',
  },
  LAST_CLIENT_SECRET: {
    status: 400,
    grpc: 9,
    title: 'The client would be left without a secret',
    wayOut: 'Create another secret first, or revoke the whole client.',
  },
  TOO_MANY_CLIENT_SECRETS: {
    status: 400,
    grpc: 9,
    title: 'The client has two live secrets already',
    wayOut: 'Delete the older one when nothing uses it any more.',
  },
  VERSION_MISMATCH: {
    status: 412,
    grpc: 10,
    title: 'The record was changed by someone else',
    wayOut: 'Read it again, apply your change to the current version and retry with its ETag.',
  },
  ALREADY_EXISTS: {
    status: 412,
    grpc: 6,
    title: 'The record exists and `If-None-Match: *` asked for a new one',
    wayOut: 'Leave the header out to update the record.',
  },
  DOES_NOT_EXIST: {
    status: 412,
    grpc: 5,
    title: 'There is no such record and `If-Match` asked for an existing one',
    wayOut: 'Leave the header out to create the record.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    grpc: 8,
    title: 'The body is too large',
    wayOut: 'The message gives the limit of this path.',
  },
  URI_TOO_LONG: {
    status: 414,
    grpc: 8,
    title: 'The path or query is too long',
    wayOut: 'Use POST /api/v1/resolve for many or long IDs.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    grpc: 3,
    title: 'The body is not of a type this path reads',
    wayOut: 'Send `Content-Type: application/json`, uncompressed.',
  },
  EXPECTATION_FAILED: {
    status: 417,
    grpc: 3,
    title: 'The request expects what the server does not do',
    wayOut: 'Leave the `Expect` header out, or send `100-continue`.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    grpc: 3,
    title: 'The Idempotency-Key was used for another request',
    wayOut: 'Use a new key for each new request, and the same one only to repeat it.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    grpc: 8,
    title: 'The request headers are too large',
    wayOut: 'Send at most 16 KB of headers.',
  },
  RATE_LIMITED: {
    status: 429,
    grpc: 8,
    title: 'Too many requests',
    wayOut: 'Wait as long as `Retry-After` says.',
  },
  INTERNAL: {
    status: 500,
    grpc: 13,
    title: 'Something failed inside the server',
    wayOut: 'Report the request ID to whoever runs the server; its log has the cause.',
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    grpc: 14,
    title: 'The database does not answer',
    wayOut: 'Try again after the time in `Retry-After`.',
  },
  DNS_UNAVAILABLE: {
    status: 503,
    grpc: 14,
    title: 'The name servers do not answer',
    wayOut: 'Try again after the time in `Retry-After`; nothing was changed.',
  },
  QUERY_TOO_SLOW: {
    status: 503,
    grpc: 14,
    title: 'The query took longer than allowed',
    wayOut: 'Add an equality on a metadata key to the filter: equality is indexed, comparison is not.',
  },
} as const satisfies Record<string, { status: number; grpc: number; title: string; wayOut: string }>;

/** One of the codes of the catalogue. Answers may gain new codes: clients treat unknown ones by their status. */
export type ErrorCode = keyof typeof errorCatalogue;
