import { Text } from '@mantine/core';

const number = new Intl.NumberFormat('en');

/** How many there are: exact, or "more than" where counting on would keep one waiting. `noun` is in the plural; its last s goes for one. */
export function Total({ total, noun }: { total: { value: number; isFloor: boolean } | undefined; noun: string }) {
  const text =
    total === undefined
      ? '\u00a0'
      : `${total.isFloor ? 'more than ' : ''}${number.format(total.value)} ${total.value === 1 ? noun.slice(0, -1) : noun}`;
  return (
    <Text size="sm" c="dimmed" component="span" aria-live="polite">
      {text}
    </Text>
  );
}
