import type { ExternalSystem, PutSystem } from '@crosswalk/contract';
import { ApiError, excerpt, invalid } from '../lib/api-error.ts';
import { requireText } from '../lib/text.ts';

/** The fields of a system, which are set as a whole. */
export type SystemFields = Pick<ExternalSystem, 'label' | 'url_pattern' | 'id_pattern'>;

const placeholder = '{id}';

/** Checks what is to be known of a system; what is left out is null. 400 names the field. */
export function systemFields(body: PutSystem): SystemFields {
  const { label = null, url_pattern: urlPattern = null, id_pattern: idPattern = null } = body;
  if (label !== null) requireText(label, 'name', 'label');
  if (urlPattern !== null) checkUrlPattern(urlPattern);
  if (idPattern !== null) requireText(idPattern, 'identifier', 'id_pattern');
  return { label, url_pattern: urlPattern, id_pattern: idPattern };
}

/**
 * Holds a pattern of addresses to what a page may make a link of: http or https, so that no link runs a script, and an ID that is not part
 * of the host, so that no ID chooses where the link goes.
 */
function checkUrlPattern(text: string): void {
  const field = 'url_pattern';
  requireText(text, 'identifier', field);
  if (!/^https?:\/\//i.test(text)) throw invalid(field, 'must begin with https:// or http://', 'scheme');
  if (text.split(placeholder).length !== 2) throw invalid(field, 'must have {id} once, where the ID goes', 'placeholder');
  // Backslashes, white space and the like are read in more than one way: what follows would check another address than a browser opens.
  const authority = /^https?:\/\/([^/?#\\\s]+)[/?#]/i.exec(text)?.[1];
  if (authority?.includes(placeholder)) throw invalid(field, 'must not have {id} in the host', 'placeholder');
  if (authority === undefined || /[\\\s<>"`]/.test(text) || !URL.canParse(text.replace(placeholder, 'id')))
    throw invalid(field, 'must be an address such as https://crm.example.com/records/{id}', 'uri');
  if (authority.includes('@')) throw invalid(field, 'must not have a user name or password in it', 'credentials');
}

/** The 404 of a system: the same for one of another environment as for none. */
export function systemNotFound(name: string): ApiError {
  return new ApiError('SYSTEM_NOT_FOUND', `nothing is known of a system ${excerpt(name)}; describe it with PUT`, {
    resource: { kind: 'system', value: excerpt(name) },
  });
}
