import '@mantine/charts/styles.css';
import type { Overview } from '@crosswalk/sdk';
import { AreaChart, BarChart } from '@mantine/charts';
import classes from './charts.module.css';
import { type Bar, chartHeight } from './series.ts';

const number = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', { notation: 'compact' });
const day = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });
const moment = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

const common = {
  h: chartHeight,
  dataKey: 'time',
  tickLine: 'none',
  gridAxis: 'x',
  valueFormatter: (value: number) => number.format(value),
  yAxisProps: { width: 44, allowDecimals: false, interval: 0, tickFormatter: (value: number) => compact.format(value) },
  xAxisProps: { minTickGap: 28 },
} as const;

/** How many organizations and users there were, day by day. */
export function GrowthChart({ growth, label }: { growth: Overview['growth']; label: string }) {
  return (
    <figure className={classes.chart} aria-label={label}>
      <AreaChart
        {...common}
        data={growth.map((found) => ({ time: day.format(new Date(found.day)), Organizations: found.organizations, Users: found.users }))}
        series={[
          { name: 'Users', color: 'blue.6' },
          { name: 'Organizations', color: 'grape.6' },
        ]}
        curveType="linear"
        withDots={growth.length < 3}
        withLegend
        legendProps={{ verticalAlign: 'bottom', height: 44 }}
        areaChartProps={{ accessibilityLayer: false }}
      />
    </figure>
  );
}

/** Counts by time, one upon the other where there are several. */
export function CountChart({
  bars,
  series,
  byDay,
  label,
}: {
  bars: Bar[];
  series: { name: string; color: string }[];
  /** whether each bar is a day (UTC), or a part of one, told in the reader's time */
  byDay: boolean;
  label: string;
}) {
  return (
    <figure className={classes.chart} aria-label={label}>
      <BarChart
        {...common}
        data={bars.map(({ time, values }) => ({
          time: (byDay ? day : moment).format(new Date(time)),
          ...Object.fromEntries(series.map(({ name }, index) => [name, values[index] ?? 0])),
        }))}
        series={series}
        type="stacked"
        withLegend={series.length > 1}
        legendProps={{ verticalAlign: 'bottom', height: 44 }}
        barChartProps={{ accessibilityLayer: false }}
      />
    </figure>
  );
}
