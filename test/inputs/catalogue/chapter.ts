/** A bad input and the answer it must get. */
export interface Input {
  /** number of its row in the catalogue */
  row: string;
  method?: string;
  path: string;
  /** JSON of an object, or a text or bytes as they are */
  body?: object | string | Uint8Array;
  headers?: Record<string, string>;
  /** a status that must come, or several that may: over REST, and at the other doors where `otherwise` says nothing */
  expect: number | number[];
  /** what must come of it at another door, where that is something else; an error of a row or a message has the status of its code */
  otherwise?: { grpc?: number; import?: number };
  /** the field that the error must name */
  names?: string | RegExp;
  /** a field of the answer that must come back byte for byte */
  keeps?: { at: string; value: unknown };
}

/** A test that holds a row, by its file from the root of the repository and the title that it or the group around it has there. */
export interface Place {
  file: string;
  title: string;
}

/** A row of the catalogue, by its number: a letter for the subject, and a count in which rows that were given up leave gaps. */
export interface Row {
  /** the input, in words */
  what: string;
  /** the answer that it must get, in words; each request of the row has it as a status too */
  answer: string;
  /** where it is tried beyond its requests: what takes several, a stream, a race, a receiver, or another door */
  places: Place[];
}

/** The rows of a subject, and the requests among them. */
export interface Chapter {
  rows: Record<string, Row>;
  /** in an order in which each expectation holds, on an environment that has only what the inputs before have made */
  inputs?: Input[];
}

/** A row. */
export function row(what: string, answer: string, ...places: Place[]): Row {
  return { what, answer, places };
}

/** A test of the server. */
export function server(file: string, title: string): Place {
  return { file: `packages/server/src/${file}`, title };
}

/** A test beside the catalogue. */
export function beside(file: string, title: string): Place {
  return { file: `test/inputs/${file}`, title };
}

/** A test of another package, or of several. */
export function elsewhere(file: string, title: string): Place {
  return { file, title };
}
