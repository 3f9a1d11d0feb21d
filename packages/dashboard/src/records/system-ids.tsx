import { Badge, Tooltip } from '@mantine/core';
import { Plain } from '../elements/plain.tsx';

/** The systems that know a record, on one line; the ID on hover. */
export function SystemIds({ ids }: { ids: Record<string, string> }) {
  const names = Object.keys(ids).sort();
  if (names.length === 0) return '–';
  return names.map((name) => (
    <Tooltip key={name} label={<Plain text={ids[name] ?? ''} />}>
      <Badge component="span" color="gray" mr={4} style={{ position: 'relative', zIndex: 1, color: 'var(--mantine-color-text)' }}>
        {name}
      </Badge>
    </Tooltip>
  ));
}
