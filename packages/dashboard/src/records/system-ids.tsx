import { Badge } from '@mantine/core';

/** The systems that know a record, on one line; the ID on hover. */
export function SystemIds({ ids }: { ids: Record<string, string> }) {
  const names = Object.keys(ids).sort();
  if (names.length === 0) return '–';
  return names.map((name) => (
    <Badge
      key={name}
      component="span"
      color="gray"
      mr={4}
      title={ids[name]}
      style={{ position: 'relative', zIndex: 1, color: 'var(--mantine-color-text)' }}
    >
      {name}
    </Badge>
  ));
}
