import { Group, Progress, Text } from '@mantine/core';
import { duration, figure } from '../elements/figure.ts';
import { usePace } from './use-import.ts';

/** How far something has come, how fast it goes and how long it will take. */
export function ImportProgress({ label, done, total, isWaiting }: { label: string; done: number; total: number; isWaiting: boolean }) {
  const { rate, left } = usePace(done, total);
  const share = total === 0 ? 0 : (done / total) * 100;
  return (
    <div>
      <Progress value={isWaiting ? 100 : share} animated={isWaiting} size="md" aria-label={label} />
      <Group gap="md" mt={6} justify="space-between">
        <Text size="sm" aria-live="polite">
          {isWaiting ? `${label}: waiting for its turn` : `${label}: ${figure(done)} of ${figure(total)} rows`}
        </Text>
        <Text size="sm" c="dimmed" style={{ fontVariantNumeric: 'tabular-nums' }}>
          {[rate === undefined ? '' : `${figure(Math.round(rate))} rows/s`, left === undefined ? '' : `${duration(left)} left`]
            .filter(Boolean)
            .join(' · ') || '\u00a0'}
        </Text>
      </Group>
    </div>
  );
}
