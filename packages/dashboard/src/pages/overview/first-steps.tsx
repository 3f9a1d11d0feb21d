import type { Client } from '@crosswalk/sdk';
import { Button, Code, Group, NativeSelect, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { envBlock } from '../../credentials/env-block.ts';
import { type NewSecret, ShownSecret } from '../../credentials/shown-secret.tsx';
import { CodeBlock } from '../../elements/code-block.tsx';
import { ExampleTabs } from '../../elements/example-tabs.tsx';
import { Failure } from '../../elements/failure.tsx';
import { PageLink } from '../../elements/page-link.tsx';
import { Panel } from '../../elements/panel.tsx';
import { exampleOfCreate } from '../../records/examples.ts';
import { useEnvironment } from '../../session/environment.ts';

/**
 * What to do with an empty environment: credentials, and a first call that is ready to run. A secret that was made is shown until it is
 * copied, also when the environment is not empty any more.
 */
export function FirstSteps({ empty }: { empty: boolean }) {
  const [made, setMade] = useState<NewSecret>();
  return (
    <>
      {empty && <Steps onMade={setMade} />}
      {made !== undefined && <ShownSecret made={made} onClose={() => setMade(undefined)} />}
    </>
  );
}

function Steps({ onMade }: { onMade: (made: NewSecret) => void }) {
  return (
    <Panel title="First steps">
      <Stack gap="lg">
        <Text size="sm">This environment is empty. Two steps, and your code speaks with it:</Text>
        <Credentials onMade={onMade} />
        <div>
          <Text fw={600} size="sm" mb={6}>
            2. Make a first organization
          </Text>
          <ExampleTabs example={exampleOfCreate()} />
          <Text size="sm" c="dimmed" mt="xs" component="div">
            Before curl, in the shell: <Code>set -a; . ./.env</Code> Node reads the file by <Code>--env-file=.env</Code>, the command line
            by itself. This page shows the organization within a minute.
          </Text>
        </div>
      </Stack>
    </Panel>
  );
}

/** The lines of a file `.env` with the client of the operator's choice; a secret is made there, as nobody knows the one there is. */
function Credentials({ onMade }: { onMade: (made: NewSecret) => void }) {
  const { id: environmentId, crosswalk, mayAdminister } = useEnvironment();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState('');
  const key = [environmentId, 'clients'];
  const clients = useQuery({ queryKey: key, queryFn: ({ signal }) => crosswalk.client.list({ signal }) });
  const client = clients.data?.find(({ id }) => id === chosen) ?? clients.data?.[0];
  const make = useMutation({
    mutationFn: async (of: Client | undefined) => {
      const answer = await (of === undefined ? crosswalk.client.create({ name: 'First client' }) : crosswalk.client.createSecret(of.id));
      onMade({ clientId: answer.client.id, secret: answer.plain_secret });
      await queries.invalidateQueries({ queryKey: key });
    },
  });
  return (
    <div>
      <Text fw={600} size="sm" mb={6}>
        1. Put the credentials into a file .env
      </Text>
      {clients.error !== null && (
        <Failure title="The API clients could not be read" error={clients.error} onRetry={() => void clients.refetch()} />
      )}
      {clients.data === undefined && clients.error === null && <Skeleton h={84} />}
      {clients.data !== undefined && (
        <Stack gap="xs">
          <CodeBlock code={envBlock(client?.id ?? '')} label="Lines of a file .env" />
          <Group gap="xs">
            {clients.data.length > 1 && (
              <NativeSelect
                aria-label="API client"
                data={clients.data.map(({ id, name }) => ({ value: id, label: name }))}
                value={client?.id ?? ''}
                onChange={(event) => setChosen(event.currentTarget.value)}
              />
            )}
            {mayAdminister ? (
              <Button variant="default" loading={make.isPending} onClick={() => make.mutate(client)}>
                {client === undefined ? 'New API client' : 'New secret'}
              </Button>
            ) : (
              <Text size="sm" c="dimmed">
                The secret was shown when it was made. An admin can make another.
              </Text>
            )}
            {mayAdminister && (
              <Text size="sm">
                <PageLink to="/settings" search={{ tab: 'clients' }}>
                  All API clients
                </PageLink>
              </Text>
            )}
          </Group>
          {make.error !== null && <Failure title="No secret was made" error={make.error} />}
        </Stack>
      )}
    </div>
  );
}
