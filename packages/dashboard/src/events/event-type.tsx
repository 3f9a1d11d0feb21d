import { Fragment } from 'react';

/** The type of an event, whole: where there is no room for one line it goes on in a second, after a point or an underscore. */
export function EventType({ type }: { type: string }) {
  return (
    // Two lines fit into a row of a table.
    <span style={{ whiteSpace: 'normal', lineHeight: 1.2, display: 'inline-block', verticalAlign: 'middle' }}>
      {type.split(/(?<=[._])/).map((part, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </span>
  );
}
