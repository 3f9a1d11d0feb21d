import type { JsonValue } from '@crosswalk/sdk';
import { Text } from '@mantine/core';
import classes from './json-value.module.css';
import { Plain } from './plain.tsx';

/** A value of metadata on one line: texts bare, other types in their colour, so that `250` and `"250"` differ at a glance. */
export function Value({ value }: { value: JsonValue | undefined }) {
  if (value === undefined)
    return (
      <Text span size="sm" c="dimmed">
        –
      </Text>
    );
  if (typeof value === 'string') return <Plain text={value} />;
  return (
    <span className={classes.value} data-type={value === null ? 'null' : typeof value}>
      <Plain text={JSON.stringify(value)} />
    </span>
  );
}
