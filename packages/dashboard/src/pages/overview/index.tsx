import { SegmentedControl, SimpleGrid, Skeleton, Stack } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { textOf, useAddress } from '../../data/location.ts';
import { exampleOfReading } from '../../elements/client-code.ts';
import { CodeExample } from '../../elements/code-example.tsx';
import { Failure } from '../../elements/failure.tsx';
import { PageHeader } from '../../elements/page-header.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { Activity } from './activity.tsx';
import { Counts } from './counts.tsx';
import { Coverage } from './coverage.tsx';
import { Failures } from './failures.tsx';
import { FirstSteps } from './first-steps.tsx';
import { SampleData } from './sample-data.tsx';

/** How far back the charts go, in days. */
const periods = ['7', '30', '90', '365'];

/** Figures are read again while the page is on screen. Milliseconds. */
const interval = 60_000;

/** The start: what there is, how it grows, what happens, what needs a person; and the first steps of an empty environment. */
export default function OverviewPage() {
  const { id: environmentId, crosswalk } = useEnvironment();
  const [address, setAddress] = useAddress();
  const period = periods.find((days) => days === textOf(address, 'days')) ?? '30';
  const {
    data: overview,
    error,
    refetch,
  } = useQuery({
    queryKey: [environmentId, 'overview', period],
    queryFn: ({ signal }) => crosswalk.overview({ days: Number(period) }, { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: interval,
  });
  const empty = overview?.counts.organizations.value === 0 && overview.counts.users.value === 0;
  return (
    <>
      <PageHeader
        title="Overview"
        description={
          overview === undefined ? (
            '\u00a0'
          ) : (
            <>
              As of <RelativeTime time={overview.as_of} />
            </>
          )
        }
      >
        <CodeExample example={exampleOfReading(`/api/v1/overview?days=${period}`, `crosswalk.overview({ days: ${period} })`)} />
        <SegmentedControl
          aria-label="Days that the charts go back"
          data={periods.map((days) => ({ value: days, label: days === '365' ? '1 year' : `${days} days` }))}
          value={period}
          onChange={(days) => setAddress({ days })}
        />
      </PageHeader>
      {error !== null && <Failure title="The figures could not be read" error={error} onRetry={() => void refetch()} />}
      {overview === undefined ? (
        error === null && <OverviewSkeleton />
      ) : (
        <Stack>
          <FirstSteps empty={empty} />
          <SampleData empty={empty} />
          <Counts overview={overview} />
          <SimpleGrid cols={{ base: 1, lg: 2 }}>
            {!empty && <Activity overview={overview} days={Number(period)} />}
            {!empty && <Coverage systems={overview.systems} />}
            <Failures failures={overview.failures} />
          </SimpleGrid>
        </Stack>
      )}
    </>
  );
}

function OverviewSkeleton() {
  return (
    <Stack aria-hidden="true">
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        {['a', 'b', 'c', 'd'].map((key) => (
          <Skeleton key={key} h={76} />
        ))}
      </SimpleGrid>
      <Skeleton h={260} />
      <Skeleton h={260} />
    </Stack>
  );
}
