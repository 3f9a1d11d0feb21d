import type { Static, TSchema } from 'typebox';
import { validationError, validatorCompiler } from '../transport/validation.ts';

/** The fields of a body as a message gives them: undefined for what was not sent. */
type Sent<Body> = { [Key in keyof Body]?: Body[Key] | undefined };

/** Checks what a message was translated to by the schema of the same REST body, so that both surfaces have one set of rules; 400 names the field. */
export function parser<Schema extends TSchema>(schema: Schema): (sent: Sent<Static<Schema>>) => Static<Schema> {
  const validate = validatorCompiler({ schema });
  function check(value: unknown): asserts value is Static<Schema> {
    const { error } = validate(value);
    if (error !== undefined) throw validationError(error, 'body');
  }
  return (sent) => {
    const body: unknown = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
    check(body);
    return body;
  };
}
