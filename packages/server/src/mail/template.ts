import mustache from 'mustache';
import { excerpt, invalid } from '../lib/api-error.ts';
import { requireText } from '../lib/text.ts';

/** What a template may contain. */
export interface TemplateRule {
  /** names of the variables there are */
  variables: readonly string[];
  /** one that must be there */
  required?: string;
  /** one that must not */
  forbidden?: string;
}

/** What a template is filled with: texts; null and '' stand for "no value". */
export type TemplateValues = Record<string, string | null>;

// It would remember every template it has seen: they come from outside, by the preview as many as anyone likes.
mustache.templateCache = undefined;

/** Holds a template to its rule; 400 INVALID_TEMPLATE names the field and what is wrong in it. */
export function checkTemplate(text: string, { variables, required, forbidden }: TemplateRule, field: string): void {
  requireText(text, 'data', field);
  const used = new Set(namesIn(parse(text, field), field));
  for (const name of used) {
    if (name === forbidden) throw refuse(field, `must not contain {{${name}}}`, 'forbidden_variable');
    if (!variables.includes(name)) {
      throw refuse(field, `there is no variable {{${excerpt(name)}}}; there are ${variables.join(', ')}`, 'unknown_variable');
    }
  }
  if (required !== undefined && !used.has(required)) throw refuse(field, `must contain {{${required}}}`, 'required_variable');
}

/** Fills a template for plain text: nothing is escaped. */
export function fillText(template: string, values: TemplateValues): string {
  return mustache.render(template, values, undefined, { escape: String });
}

/** Fills a template for HTML: every variable is escaped, for text and for quoted attributes. */
export function fillHtml(template: string, values: TemplateValues): string {
  return mustache.render(template, values, undefined, { escape: mustache.escape });
}

type Token = ReturnType<typeof parse>[number];

function parse(text: string, field: string) {
  try {
    return mustache.parse(text);
  } catch (error) {
    throw refuse(field, `is not a template: ${error instanceof Error ? excerpt(error.message) : 'it cannot be read'}`, 'template');
  }
}

/** What mustache has beyond variables and sections, and why it is of no use here. */
const refused: Record<string, string> = {
  '&': 'a variable must be escaped: write {{name}}, without & and with two braces',
  '>': 'there are no partial templates',
  '=': 'the braces cannot be replaced',
};

/** The names of variables in a template, those in sections included. */
function namesIn(tokens: readonly Token[], field: string): string[] {
  return tokens.flatMap((token) => {
    const [kind, name, , , inner] = token;
    if (kind === 'text' || kind === '!') return [];
    const problem = refused[kind];
    if (problem !== undefined) throw refuse(field, problem, 'template');
    return [name, ...(Array.isArray(inner) ? namesIn(inner, field) : [])];
  });
}

function refuse(field: string, description: string, constraint: string) {
  return invalid(field, description, constraint, 'INVALID_TEMPLATE');
}
