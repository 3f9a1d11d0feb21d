import type { Overview } from '@crosswalk/sdk';
import { Skeleton, Text } from '@mantine/core';
import { type ReactNode, Suspense } from 'react';
import { later } from '../../elements/later.tsx';
import { PageLink } from '../../elements/page-link.tsx';
import { Panel } from '../../elements/panel.tsx';
import { barsOf, chartHeight } from './series.ts';

const GrowthChart = later(async () => ({ default: (await import('./charts.tsx')).GrowthChart }));
const CountChart = later(async () => ({ default: (await import('./charts.tsx')).CountChart }));

/** The server keeps hours for two weeks. */
const mostHours = 14 * 24;
const number = new Intl.NumberFormat('en');

/** How the directory grew, and what happened in it: panels for a grid. */
export function Activity({ overview, days }: { overview: Overview; days: number }) {
  const hours = Math.min(days * 24, mostHours);
  const byDay = hours > 7 * 24;
  const width = byDay ? 24 : 6;
  const now = Date.parse(overview.as_of);
  const events = barsOf(overview.events, ({ total }) => [total], { hours, width, now, values: 1 });
  const deliveries = barsOf(overview.deliveries, ({ delivered, failed }) => [delivered, failed], { hours, width, now, values: 2 });
  const total = sum(events.map(({ values }) => values[0] ?? 0));
  const delivered = sum(deliveries.map(({ values }) => values[0] ?? 0));
  const failed = sum(deliveries.map(({ values }) => values[1] ?? 0));
  const first = overview.growth[0];
  const last = overview.growth.at(-1);
  const span = `in ${Math.round(hours / 24)} days`;
  const eventSummary = `${number.format(total)} ${total === 1 ? 'event' : 'events'} ${span}`;
  const deliverySummary = `${number.format(delivered)} delivered, ${number.format(failed)} failed ${span}`;
  return (
    <>
      <Panel title="Growth">
        <Chart>
          <GrowthChart
            growth={overview.growth}
            label={`Organizations from ${first?.organizations ?? 0} to ${last?.organizations ?? 0} and users from ${first?.users ?? 0} to ${last?.users ?? 0} in ${days} days`}
          />
        </Chart>
      </Panel>
      <Panel
        title="Events"
        actions={
          <Text size="sm" c="dimmed">
            <PageLink to="/events">{eventSummary}</PageLink>
          </Text>
        }
      >
        <Chart>
          <CountChart bars={events} series={[{ name: 'Events', color: 'blue.6' }]} byDay={byDay} label={eventSummary} />
        </Chart>
      </Panel>
      {overview.deliveries.length > 0 && (
        <Panel
          title="Webhook deliveries"
          actions={
            <Text size="sm" c="dimmed">
              <PageLink to="/webhooks">{deliverySummary}</PageLink>
            </Text>
          }
        >
          <Chart>
            <CountChart
              bars={deliveries}
              series={[
                { name: 'Delivered', color: 'teal.6' },
                { name: 'Failed attempts', color: 'red.6' },
              ]}
              byDay={byDay}
              label={deliverySummary}
            />
          </Chart>
        </Panel>
      )}
    </>
  );
}

/** Charts are large, so they are loaded when there is something to draw. The place is kept free. */
function Chart({ children }: { children: ReactNode }) {
  return <Suspense fallback={<Skeleton h={chartHeight} />}>{children}</Suspense>;
}

function sum(values: number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
