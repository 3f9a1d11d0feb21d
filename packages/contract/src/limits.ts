// Without the schemas: the command has them from here.

/** Limits of the metadata of one record. A figure over them is refused with 400 INVALID_METADATA, which tells the excess. */
export const metadataLimits = {
  /** keys at the top level */
  keys: 100,
  /** Unicode code points in a key, at any level */
  keyPoints: 64,
  /** levels of nesting; the metadata object itself is level 1 */
  depth: 8,
  /** bytes of the whole object as stored JSON */
  bytes: 32 * 1024,
} as const;

/** Items in one page of a list. */
export const pageSize = { default: 30, max: 100 } as const;

/** IDs in one POST /api/v1/resolve. */
export const resolveLimit = 1000;

/** Pairs in one POST /api/v1/rekey. */
export const rekeyLimit = 100_000;

/** Limits of one import. */
export const importLimits = {
  /** bytes of one line of NDJSON, and of one record of CSV */
  lineBytes: 1024 * 1024,
  /** of one file: the bytes are the narrower limit of ordinary rows, so that what is exported can be imported */
  rows: 10_000_000,
  /** columns of CSV */
  columns: 500,
  /** bytes of the whole file */
  bytes: 2 * 1024 * 1024 * 1024,
  /** rows of an import that is one transaction: `atomic` and `dry_run` */
  rowsAtOnce: 100_000,
  /** differences that a dry run shows */
  samples: 20,
  /** days that the rows of an import are kept after its end, for its errors and rejected rows */
  keptDays: 30,
} as const;

/** Columns of one CSV file: spreadsheets and their readers do not do well with more. */
export const csvColumnLimit = 500;

/** Limits of a reconcile. */
export const reconcileLimits = {
  /** entries of the other system's list */
  items: 100_000,
  /** entries shown of each finding; the counts have all */
  shown: 1_000,
  /** records suggested for one entry */
  candidates: 5,
  /** fields of an entry */
  fields: 100,
} as const;

/** Limits of webhooks. */
export const webhookLimits = {
  /** endpoints of one environment */
  endpoints: 100,
  /** names in the filter of an endpoint */
  eventTypes: 50,
  /** characters of an address */
  url: 2048,
  /** bytes of a secret */
  secretBytes: { min: 24, max: 64 },
  /** hours that a replaced secret can go on signing */
  overlapHours: 168,
  /** events that one request of a replay schedules */
  replay: 10_000,
  /** bytes that are kept of the answer to an attempt */
  responseBytes: 1024,
  /** attempts of a delivery that are kept, the newest */
  keptAttempts: 10,
} as const;
