import { Skeleton, Stack, Table, TextInput } from '@mantine/core';
import { useAddressField } from '../../data/location.ts';
import { exampleOfReading, quoted } from '../../elements/client-code.ts';
import { CodeExample } from '../../elements/code-example.tsx';
import { Empty } from '../../elements/empty.tsx';
import { Failure } from '../../elements/failure.tsx';
import { Icon } from '../../elements/icon.tsx';
import { PageHeader } from '../../elements/page-header.tsx';
import { PageLink } from '../../elements/page-link.tsx';
import { Plain } from '../../elements/plain.tsx';
import { MatchReason } from '../../search/match-reason.tsx';
import { useSearch } from '../../search/use-search.ts';

/** The most that the server finds at once. */
const limit = 50;

/** Everything that a text finds. */
export default function SearchPage() {
  const [typed, setTyped] = useAddressField('q');
  const { text, found } = useSearch(typed, limit);
  return (
    <>
      <PageHeader title="Search" description="By an ID of any sort, an email, a name or a metadata value">
        {text !== '' && (
          <CodeExample
            example={exampleOfReading(
              `/api/v1/search?${new URLSearchParams({ q: text, limit: String(limit) })}`,
              `crosswalk.search(${quoted(text)}, { limit: ${limit} })`,
            )}
          />
        )}
      </PageHeader>
      <TextInput
        aria-label="Search everything"
        leftSection={<Icon name="search" />}
        mb="md"
        autoFocus
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {found.error !== null && <Failure title="The search failed" error={found.error} onRetry={() => void found.refetch()} />}
      {found.isLoading && (
        <Stack gap="xs" aria-busy="true">
          <Skeleton h={32} />
          <Skeleton h={32} />
          <Skeleton h={32} />
        </Stack>
      )}
      {text !== '' && found.data?.matches.length === 0 && (
        <Empty
          icon="search"
          title="Nothing found"
          text="IDs are found whole or by their beginning, names by any part of three characters, metadata by whole values. Another environment may have it."
        />
      )}
      {text !== '' && found.data !== undefined && found.data.matches.length > 0 && (
        <Table.ScrollContainer minWidth={480} type="native">
          <Table verticalSpacing={8} highlightOnHover aria-label="Found">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Record</Table.Th>
                <Table.Th>Matched by</Table.Th>
                <Table.Th>External ID</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {found.data.matches.map((match) => (
                <Table.Tr key={match.id}>
                  <Table.Td>
                    <PageLink to={`/${match.kind}s/${match.id}`}>
                      <Plain text={match.display_name} mark />
                    </PageLink>
                  </Table.Td>
                  <Table.Td>
                    <MatchReason match={match} />
                  </Table.Td>
                  <Table.Td>{match.external_id === null ? '–' : <Plain text={match.external_id} mark />}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </>
  );
}
