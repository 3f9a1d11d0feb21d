import type { SigningKey } from '@crosswalk/sdk';
import { Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { exampleOfReading } from '../../elements/client-code.ts';
import { Confirm } from '../../elements/confirm.tsx';
import { FormDialog } from '../../elements/form-dialog.tsx';
import { notify } from '../../elements/notify.ts';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { RowActions } from '../../elements/row-actions.tsx';
import { SimpleTable } from '../../elements/simple-table.tsx';
import { State } from '../../elements/state.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { Section } from './section.tsx';

const states = {
  NEXT: <State mood="busy">next</State>,
  SIGNING: <State mood="good">signing</State>,
  VERIFYING: <State mood="warning">verifying</State>,
  RETIRED: <State mood="over">retired</State>,
  REVOKED: <State mood="bad">revoked</State>,
};

/** The keys that sign the tokens of the environment: replaced without a gap, or refused at once when one has leaked. */
export default function SigningKeySettings() {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const [rotating, setRotating] = useState(false);
  const [revoking, setRevoking] = useState<SigningKey>();
  const key = [environmentId, 'signing keys'];
  const keys = useQuery({ queryKey: key, queryFn: ({ signal }) => crosswalk.signingKey.list({ signal }) });
  const done = async (message: string) => {
    await queries.invalidateQueries({ queryKey: key });
    notify(message);
  };
  return (
    <>
      <Section
        about="What signs the access tokens. A key is replaced by itself when it is old; a new one is published first and signs when everybody may know it, so no token becomes invalid."
        action={{ label: 'New signing key', run: () => setRotating(true) }}
        example={exampleOfReading('/api/v1/signing_keys', 'crosswalk.signingKey.list()', 'keys list')}
        query={keys}
      >
        {(list) => (
          <SimpleTable
            label="Signing keys"
            minWidth={640}
            rows={list}
            keyOf={({ id }) => id}
            columns={[
              {
                title: 'Key',
                render: ({ kid }) => (
                  <Text span size="sm" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
                    {kid}
                  </Text>
                ),
              },
              { title: 'State', render: ({ state }) => states[state] },
              { title: 'Signs from', render: ({ sign_time: time }) => <RelativeTime time={time} /> },
              { title: 'Over', render: ({ retire_time: retired, revoke_time: revoked }) => <End time={revoked ?? retired} /> },
              {
                title: 'Actions',
                hidden: true,
                width: 60,
                render: (one) =>
                  one.revoke_time === null && (
                    <RowActions actions={[{ icon: 'lock', label: `Revoke the key ${one.kid}`, run: () => setRevoking(one) }]} />
                  ),
              },
            ]}
          />
        )}
      </Section>
      {rotating && (
        <FormDialog
          opened
          onClose={() => setRotating(false)}
          title="New signing key"
          action="Publish key"
          failed="Not published"
          onSubmit={async () => {
            await crosswalk.signingKey.rotate();
            await done('A new key is published.');
          }}
        >
          <Text size="sm">It signs when services that keep the keys know it. Every token stays valid.</Text>
        </FormDialog>
      )}
      {revoking !== undefined && (
        <Confirm
          opened
          onClose={() => setRevoking(undefined)}
          title="Revoke this signing key?"
          action="Revoke key"
          onConfirm={async () => {
            await crosswalk.signingKey.revoke(revoking.id);
            await done('The key is revoked.');
          }}
        >
          For a key that has leaked: every token that it signed is refused from now on, and programs get new ones by themselves. Services
          that check tokens on their own accept them until they read the keys again.
        </Confirm>
      )}
    </>
  );
}

function End({ time }: { time: string | null }) {
  return time === null ? '–' : <RelativeTime time={time} />;
}
