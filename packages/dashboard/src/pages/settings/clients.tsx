import type { Client } from '@crosswalk/sdk';
import { Badge, Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type NewSecret, ShownSecret } from '../../credentials/shown-secret.tsx';
import { exampleOfReading } from '../../elements/client-code.ts';
import { Confirm } from '../../elements/confirm.tsx';
import { Copyable } from '../../elements/copyable.tsx';
import { Empty } from '../../elements/empty.tsx';
import { FormDialog } from '../../elements/form-dialog.tsx';
import { notify } from '../../elements/notify.ts';
import { Panel } from '../../elements/panel.tsx';
import { Plain } from '../../elements/plain.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { RowActions } from '../../elements/row-actions.tsx';
import { SimpleTable } from '../../elements/simple-table.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { Section } from './section.tsx';

/** Secrets that a client may have at once: the one in use and the one that takes its place. */
const mostSecrets = 2;

type Secret = Client['secrets'][number];

/** The credentials of programs: made, rotated without a gap, deleted. */
export default function ClientSettings() {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const [creating, setCreating] = useState(false);
  const [shown, setShown] = useState<NewSecret>();
  const [deleting, setDeleting] = useState<{ client: Client; secret?: Secret }>();
  const key = [environmentId, 'clients'];
  const changed = () => queries.invalidateQueries({ queryKey: key });
  const clients = useQuery({ queryKey: key, queryFn: ({ signal }) => crosswalk.client.list({ signal }) });
  const remove = async ({ client, secret }: { client: Client; secret?: Secret }) => {
    await (secret === undefined ? crosswalk.client.delete(client.id) : crosswalk.client.deleteSecret(client.id, secret.id));
    await changed();
    notify(secret === undefined ? 'API client deleted.' : 'Secret deleted.');
  };
  return (
    <>
      <Section
        about="A client is what a program signs in with. To rotate a secret, add a second one, bring it to the program, and delete the first when it is not used any more."
        action={{ label: 'New API client', run: () => setCreating(true) }}
        example={exampleOfReading('/api/v1/clients', 'crosswalk.client.list()')}
        query={clients}
      >
        {(list) =>
          list.length === 0 ? (
            <Empty
              icon="lock"
              title="No API clients"
              text="Your programs need one to call the API: its ID and secret go into their settings."
            />
          ) : (
            <Stack>
              {list.map((client) => (
                <ClientPanel key={client.id} client={client} onShow={setShown} onDelete={(secret) => setDeleting({ client, ...secret })} />
              ))}
            </Stack>
          )
        }
      </Section>
      {creating && (
        <CreateClient
          onClose={() => setCreating(false)}
          onMade={async (made) => {
            setShown(made);
            await changed();
          }}
        />
      )}
      {shown !== undefined && <ShownSecret made={shown} onClose={() => setShown(undefined)} />}
      {deleting !== undefined && (
        <Confirm
          opened
          onClose={() => setDeleting(undefined)}
          title={deleting.secret === undefined ? 'Delete this API client?' : 'Delete this secret?'}
          action={deleting.secret === undefined ? 'Delete API client' : 'Delete secret'}
          onConfirm={() => remove(deleting)}
          {...(deleting.secret === undefined ? { typed: deleting.client.name } : {})}
        >
          Programs that use {deleting.secret === undefined ? <Plain text={deleting.client.name} /> : `the secret …${deleting.secret.hint}`}{' '}
          are refused from now on. <LastUse time={(deleting.secret ?? deleting.client).last_used_time} />
        </Confirm>
      )}
    </>
  );
}

function ClientPanel({
  client,
  onShow,
  onDelete,
}: {
  client: Client;
  onShow: (made: NewSecret) => void;
  onDelete: (what: { secret?: Secret }) => void;
}) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  const add = async () => {
    const { plain_secret: secret } = await crosswalk.client.createSecret(client.id);
    onShow({ clientId: client.id, secret });
    await queries.invalidateQueries({ queryKey: [environmentId, 'clients'] });
  };
  return (
    <Panel
      title={client.name}
      actions={
        <Group gap="xs">
          {client.secrets.length < mostSecrets && (
            <Button size="compact-sm" variant="default" onClick={() => setAdding(true)} aria-label={`Add secret to ${client.name}`}>
              Add secret
            </Button>
          )}
          <RowActions actions={[{ icon: 'trash', label: `Delete the API client ${client.name}`, run: () => onDelete({}) }]} />
        </Group>
      }
    >
      <Group gap="md" mb="xs">
        <Copyable text={client.id} label="client ID" />
        {client.scopes.map((scope) => (
          <Badge key={scope} color="gray" c="var(--mantine-color-text)">
            {scope}
          </Badge>
        ))}
        <Text size="sm" c="dimmed" component="span">
          <LastUse time={client.last_used_time} />
        </Text>
      </Group>
      <SimpleTable
        label={`Secrets of ${client.name}`}
        minWidth={420}
        rows={client.secrets}
        keyOf={({ id }) => id}
        columns={[
          { title: 'Secret', render: ({ hint }) => <code>…{hint}</code> },
          { title: 'Made', render: ({ create_time: time }) => <RelativeTime time={time} /> },
          { title: 'Last used', render: ({ last_used_time: time }) => (time === null ? 'never' : <RelativeTime time={time} />) },
          {
            title: 'Actions',
            hidden: true,
            width: 60,
            render: (secret) =>
              client.secrets.length > 1 && (
                <RowActions actions={[{ icon: 'trash', label: `Delete the secret …${secret.hint}`, run: () => onDelete({ secret }) }]} />
              ),
          },
        ]}
      />
      {adding && (
        <FormDialog opened onClose={() => setAdding(false)} title="Add a secret" action="Add secret" onSubmit={add}>
          <Text size="sm">
            The client <Plain text={client.name} /> then has two secrets, and both work. Delete the first when its last use is long ago.
          </Text>
        </FormDialog>
      )}
    </Panel>
  );
}

function LastUse({ time }: { time: string | null }) {
  if (time === null) return 'Never used.';
  return (
    <>
      Last used <RelativeTime time={time} />.
    </>
  );
}

function CreateClient({ onClose, onMade }: { onClose: () => void; onMade: (made: NewSecret) => Promise<void> }) {
  const { crosswalk } = useEnvironment();
  const [name, setName] = useState('');
  const [write, setWrite] = useState(true);
  const create = async () => {
    const { client, plain_secret: secret } = await crosswalk.client.create({
      name: name.trim(),
      scopes: write ? ['read', 'write'] : ['read'],
    });
    await onMade({ clientId: client.id, secret });
  };
  return (
    <FormDialog opened onClose={onClose} title="New API client" action="Create API client" failed="Not created" onSubmit={create}>
      <TextInput
        label="Name"
        description="Which program uses it, such as Billing webhooks. Each program has its own: it can be turned off alone, and changes tell who made them."
        required
        withAsterisk={false}
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Checkbox label="May change records" checked={write} onChange={(event) => setWrite(event.currentTarget.checked)} />
    </FormDialog>
  );
}
