/** A way in: JSON over HTTP, messages of Scalekit, a row of a file, or bytes on a connection. */
export type Door = 'REST' | 'gRPC' | 'import' | 'wire';

/** What one input was answered at one door; `npm run inputs` makes its table of these. */
export interface Trial {
  /** number of its row in the catalogue; of a property, `*` */
  row: string;
  door: Door;
  /** status, code, or what else came of it */
  answer: string;
}

declare module 'vitest' {
  interface TaskMeta {
    trial?: Trial;
  }
}
