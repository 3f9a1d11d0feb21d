import type { CsvConversion, RaggedRecord } from '@crosswalk/sdk';
import type { LineReason } from './line-reasons.tsx';

/** Lines of a file that were not sent, as they have more or fewer cells than its first line has columns. The server knows nothing of them. */
export interface LeftOut {
  count: number;
  first: RaggedRecord[];
}

/** How many are told of by line. They are kept in the browser with each import that it remembers. */
export const leftOutTold = 200;

/** Where nothing was left out. */
export const nothingLeftOut: LeftOut = { count: 0, first: [] };

/** What a conversion left out. */
export function leftOutOf(conversion: CsvConversion | undefined): LeftOut {
  return conversion === undefined ? nothingLeftOut : { count: conversion.raggedCount, first: conversion.ragged };
}

/** Why such a line is refused, in the words of the server for a file that it gets as it is. */
export function reasonOfRagged({ line, cells, columns }: RaggedRecord): LineReason {
  return { line, field: 'row', message: `has ${cells} cells, and the header ${columns} columns; put cells with commas in quotes` };
}
