/** The LIKE pattern of "contains this text", in lower case, with `%`, `_` and `\` meaning themselves. */
export function likePattern(text: string): string {
  return `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
}
