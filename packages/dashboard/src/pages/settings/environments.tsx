import type { Session } from '@crosswalk/sdk';
import { Badge, Button, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Copyable } from '../../elements/copyable.tsx';
import { FormDialog } from '../../elements/form-dialog.tsx';
import { notify } from '../../elements/notify.ts';
import { Plain } from '../../elements/plain.tsx';
import { RowActions } from '../../elements/row-actions.tsx';
import { SimpleTable } from '../../elements/simple-table.tsx';
import { environmentOf, useEnvironment } from '../../session/environment.ts';
import { sessionKey, useSession } from '../../session/session.ts';
import { startPage } from '../../shell/navigation.ts';
import { SectionHead } from './section.tsx';

type OwnEnvironment = Session['environments'][number];

/** The environments where the operator has a role: opened, made, renamed. */
export default function EnvironmentSettings() {
  const current = useEnvironment();
  const { environments } = useSession();
  const navigate = useNavigate();
  const [naming, setNaming] = useState<OwnEnvironment | 'new'>();
  return (
    <>
      <SectionHead
        about="An environment has its own records, credentials and operators: one for development, one for production. Whoever makes one is its admin."
        action={{ label: 'New environment', run: () => setNaming('new') }}
      />
      <SimpleTable
        label="Environments"
        rows={environments}
        keyOf={({ id }) => id}
        columns={[
          { title: 'Name', render: ({ name }) => <Plain text={name} /> },
          { title: 'ID', render: ({ id }) => <Copyable text={id} label="environment ID" /> },
          { title: 'Your role', render: ({ role }) => role },
          {
            title: 'On screen',
            hidden: true,
            render: ({ id, name }) => {
              const to: string = `/${id}${startPage}`;
              return id === current.id ? (
                <Badge>on screen</Badge>
              ) : (
                <Button size="compact-sm" variant="default" aria-label={`Open ${name}`} onClick={() => void navigate({ to })}>
                  Open
                </Button>
              );
            },
          },
          {
            title: 'Actions',
            hidden: true,
            width: 60,
            render: (environment) =>
              environment.role === 'admin' && (
                <RowActions actions={[{ icon: 'pencil', label: `Rename ${environment.name}`, run: () => setNaming(environment) }]} />
              ),
          },
        ]}
      />
      {naming !== undefined && <NameForm {...(naming === 'new' ? {} : { environment: naming })} onClose={() => setNaming(undefined)} />}
    </>
  );
}

function NameForm({ environment, onClose }: { environment?: OwnEnvironment; onClose: () => void }) {
  const { crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const [name, setName] = useState(environment?.name ?? '');
  const save = async () => {
    if (environment === undefined) await crosswalk.environment.create({ name: name.trim() });
    else await environmentOf(environment).crosswalk.environment.update(environment.id, { name: name.trim() });
    // The session knows the environments.
    await queries.invalidateQueries({ queryKey: sessionKey });
    notify(environment === undefined ? 'Environment made. Open it to fill it.' : 'Environment renamed.');
  };
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={environment === undefined ? 'New environment' : 'Rename environment'}
      action={environment === undefined ? 'Create environment' : 'Rename environment'}
      incomplete={name.trim() === '' || name.trim() === environment?.name}
      onSubmit={save}
    >
      <TextInput
        label="Name"
        required
        withAsterisk={false}
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
