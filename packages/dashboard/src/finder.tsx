import type { Crosswalk, ResolveMatch } from '@crosswalk/sdk';
import { Alert, Badge, Button, Group, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { RecordCard } from './record-card.tsx';

/** One box that takes an ID of any sort and shows the records it leads to, saying how it matched. */
export function Finder({ crosswalk, onSignOut }: { crosswalk: Crosswalk; onSignOut: () => void }) {
  const [text, setText] = useState('');
  const [id] = useDebouncedValue(text.trim(), 200);
  const found = useQuery({
    queryKey: ['resolve', id],
    enabled: id !== '',
    queryFn: async ({ signal }) => (await crosswalk.resolve([id], { signal }))[0]?.matches ?? [],
  });
  return (
    <Stack>
      <Group align="end" wrap="nowrap">
        <TextInput
          label="Find by any ID"
          placeholder="CUST-12345-ACME, cus_Nffrf1gZ0uCj2f, ada@example.com, org_…"
          autoFocus
          flex={1}
          maxLength={255}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button variant="default" onClick={onSignOut}>
          Sign out
        </Button>
      </Group>
      {id === '' && (
        <Text c="dimmed" size="sm">
          An organization or a user is found by Crosswalk's own ID, an ID of any of your systems, an ID it used to have, or an email
          address.
        </Text>
      )}
      {found.isLoading && <Skeleton height={120} radius="md" />}
      {found.error !== null && (
        <Alert color="red" title="The search failed">
          {found.error.message}
        </Alert>
      )}
      {found.data?.length === 0 && (
        <Text>
          Nothing has the ID <b>{id}</b>. IDs are compared exactly: capital letters count.
        </Text>
      )}
      {found.data?.map((match) => (
        <RecordCard
          key={`${match.id} ${match.matched_by} ${match.system ?? ''}`}
          crosswalk={crosswalk}
          match={match}
          how={<HowFound match={match} />}
        />
      ))}
    </Stack>
  );
}

const explanations: Record<ResolveMatch['matched_by'], string> = {
  id: 'by Crosswalk ID',
  external_id: 'by external ID',
  alias: 'by an ID it used to have',
  email: 'by email address',
};

function HowFound({ match }: { match: ResolveMatch }) {
  return (
    <Badge variant="light" color={match.matched_by === 'alias' ? 'yellow' : 'blue'} tt="none">
      {explanations[match.matched_by]}
      {match.system === null ? '' : ` of ${match.system}`}
    </Badge>
  );
}
