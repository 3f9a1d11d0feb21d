import { Text } from '@mantine/core';
import { PageLink } from '../elements/page-link.tsx';
import { Plain } from '../elements/plain.tsx';
import classes from './imports.module.css';

/** Why a line of a file is refused. */
export interface LineReason {
  line: number;
  /** which part of it: a field of the row, or an ID */
  field: string;
  message: string;
  /** of the catalogue of errors, where the server says it */
  code?: string;
}

/** Lines of a file that are refused, each with its reason. */
export function LineReasons({ label, reasons }: { label: string; reasons: readonly LineReason[] }) {
  return (
    <ul className={classes.lines} aria-label={label} style={{ margin: 0, padding: 0, listStyle: 'none' }}>
      {reasons.map(({ line, field, message, code }, index) => (
        <li key={index} className={classes.line}>
          <span>line {line}</span>
          <span>
            <Plain text={field} />
          </span>
          <span>
            <WithLinks text={message} />{' '}
            {code !== undefined && (
              <Text span size="xs" c="dimmed">
                {code}
              </Text>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** IDs of records that have a page. */
const recordId = /\b((?:org|usr)_\d{18,19})\b/;

/** A message whose records can be opened. */
function WithLinks({ text }: { text: string }) {
  if (!recordId.test(text)) return <Plain text={text} />;
  return text.split(recordId).map((part, index) => {
    // A space between two IDs is no text of its own.
    if (index % 2 === 0) return part.trim() === '' ? part : <Plain key={index} text={part} />;
    return (
      <PageLink key={index} to={`/${part.startsWith('org') ? 'organizations' : 'users'}/${part}`}>
        {part}
      </PageLink>
    );
  });
}
