import type { Crosswalk, Organization, ResolveMatch, User } from '@crosswalk/sdk';
import { Alert, Badge, Code, CopyButton, Group, Paper, Skeleton, Table, Text, Title, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

/** What is known of one record: its IDs in all systems and its metadata. */
export function RecordCard({ crosswalk, match, how }: { crosswalk: Crosswalk; match: ResolveMatch; how: ReactNode }) {
  const record = useQuery<Organization | User>({
    queryKey: ['record', match.id],
    queryFn: ({ signal }) =>
      match.kind === 'organization' ? crosswalk.organization.get(match.id, { signal }) : crosswalk.user.getUser(match.id, { signal }),
  });
  return (
    <Paper withBorder p="lg" radius="md">
      <Group justify="space-between" mb="sm">
        <Group gap="sm">
          {/* bdi: a name in another script must not reorder what stands beside it */}
          <Title order={2} size="h4">
            <bdi>{match.display_name}</bdi>
          </Title>
          <Badge variant="outline" color="gray" tt="none">
            {match.kind}
          </Badge>
        </Group>
        {how}
      </Group>
      {record.isLoading && <Skeleton height={80} />}
      {record.error !== null && <Alert color="red">{record.error.message}</Alert>}
      {record.data !== undefined && <Fields record={record.data} />}
    </Paper>
  );
}

function Fields({ record }: { record: Organization | User }) {
  const { id, external_id: externalId, external_ids: externalIds, metadata, version, update_time: updated } = record;
  return (
    <Table layout="fixed" variant="vertical" withRowBorders={false}>
      <Table.Tbody>
        <Row name="ID">
          <Copyable text={id} />
        </Row>
        {externalId !== null && (
          <Row name="external ID">
            <Copyable text={externalId} />
          </Row>
        )}
        {Object.entries(externalIds).map(([system, value]) => (
          <Row key={system} name={`${system} ID`}>
            <Copyable text={value} />
          </Row>
        ))}
        {Object.entries(metadata).map(([key, value]) => (
          <Row key={key} name={`metadata.${key}`}>
            <Code>{JSON.stringify(value)}</Code>
          </Row>
        ))}
        {'memberships' in record &&
          record.memberships.map((membership) => (
            <Row key={membership.id} name="member of">
              <Copyable text={membership.organization_id} /> {membership.membership_status.toLowerCase()}
            </Row>
          ))}
        <Row name="version">
          {version}, changed{' '}
          <time dateTime={updated} title={updated}>
            {new Date(updated).toLocaleString()}
          </time>
        </Row>
      </Table.Tbody>
    </Table>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th w="35%">
        <Text size="sm" c="dimmed" component="span">
          {name}
        </Text>
      </Table.Th>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>{children}</Table.Td>
    </Table.Tr>
  );
}

function Copyable({ text }: { text: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <UnstyledButton onClick={copy} title="Copy">
          <Code>{text}</Code>{' '}
          {copied && (
            <Text component="span" size="xs" c="teal">
              copied
            </Text>
          )}
        </UnstyledButton>
      )}
    </CopyButton>
  );
}
