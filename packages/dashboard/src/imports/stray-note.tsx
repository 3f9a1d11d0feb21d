import { Text } from '@mantine/core';
import { Plain } from '../elements/plain.tsx';
import type { CellType } from './columns.ts';
import type { SourceFile } from './source-file.ts';
import { strayCellOf } from './suggestions.ts';

const others: Record<CellType, string> = { text: 'text', number: 'numbers', boolean: 'true or false', json: 'JSON' };

/** Code points that are shown of a cell. */
const shown = 40;

/** Tells which cell makes a column text when it is the only one. */
export function StrayNote({ source, index }: { source: SourceFile; index: number }) {
  const stray = strayCellOf(source.records, index);
  if (stray === undefined) return null;
  const points = [...stray.cell];
  const cell = points.length > shown ? `${points.slice(0, shown).join('')}…` : stray.cell;
  return (
    <Text size="xs" c="dimmed" mt={4}>
      Text because of line {stray.line}: <Plain text={cell} />. The others are {others[stray.type]}.
    </Text>
  );
}
