import { Skeleton, Stack } from '@mantine/core';

/** What stands in for a page while its code is loaded. */
export function PageSkeleton() {
  return (
    <Stack aria-hidden="true">
      <Skeleton h={28} w={220} />
      <Skeleton h={36} />
      <Skeleton h={320} />
    </Stack>
  );
}
