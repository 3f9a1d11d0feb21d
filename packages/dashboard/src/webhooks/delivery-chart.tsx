import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';

interface DeliveryChartProps {
  /** hours with attempts, oldest first */
  hours: { time: string; delivered: number; failed: number }[];
  /** hours that are shown */
  span: number;
  /** RFC 3339: the last hour is that of this moment */
  now: string;
}

const hour = 3_600_000;
const label = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false });

/** Deliveries and failures over time, a bar for each hour, also for those in which nothing happened. Large: import it when it is needed. */
export default function DeliveryChart({ hours, span, now }: DeliveryChartProps) {
  const found = new Map(hours.map((one) => [Date.parse(one.time), one]));
  const last = Math.floor(Date.parse(now) / hour) * hour;
  const data = Array.from({ length: span }, (_, index) => {
    const time = last - (span - 1 - index) * hour;
    const { delivered = 0, failed = 0 } = found.get(time) ?? {};
    return { time: label.format(time), Delivered: delivered, Failed: failed };
  });
  const sum = (of: 'delivered' | 'failed') => hours.reduce((total, one) => total + one[of], 0);
  return (
    <div role="img" aria-label={`${sum('delivered')} delivered and ${sum('failed')} failed in the last ${span} hours`}>
      <BarChart
        h={180}
        data={data}
        dataKey="time"
        type="stacked"
        withLegend
        legendProps={{ verticalAlign: 'top', height: 28 }}
        tickLine="none"
        gridAxis="x"
        series={[
          { name: 'Delivered', color: 'teal.6' },
          { name: 'Failed', color: 'red.6' },
        ]}
        yAxisProps={{ allowDecimals: false, width: 44 }}
        xAxisProps={{ minTickGap: 40 }}
        barChartProps={{ accessibilityLayer: false }}
        barProps={{ isAnimationActive: false }}
      />
    </div>
  );
}
