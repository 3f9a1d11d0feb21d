import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long' });
/** Units and the seconds from which each is used. */
const units = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** Clocks of server and browser differ by that much: what just happened is not told as to come. Seconds. */
const skew = 10;

/** How long ago or ahead a time is, in the largest unit that fits, rounded: "3 hours ago", "in 2 days". */
function relativeTime(time: string, now: number): string {
  const seconds = (Date.parse(time) - now) / 1000;
  for (const [unit, length] of units) {
    if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
  }
  return seconds > skew ? 'in less than a minute' : 'just now';
}

/** A time exactly, and behind that as people say it: for details, where it is compared with a log. Nothing of it needs a pointer. */
export function ExactTime({ time }: { time: string }) {
  return (
    <>
      <time dateTime={time}>{exact.format(new Date(time))}</time>{' '}
      <Text span size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
        <RelativeTime time={time} />
      </Text>
    </>
  );
}

/**
 * A time as people say it; the exact one on hover. `time` is RFC 3339. Kept right by the minute. The title is the browser's own: a table has
 * hundreds, of which each floating one would take as long to make as its row.
 */
export function RelativeTime({ time }: { time: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={time} title={exact.format(new Date(time))} style={{ whiteSpace: 'nowrap' }}>
      {relativeTime(time, Math.max(now, Date.now()))}
    </time>
  );
}
