import type { InvitationSettings as Settings } from '@crosswalk/sdk';
import { Button, Group, NumberInput, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { exampleOfReading } from '../../elements/client-code.ts';
import { Failure } from '../../elements/failure.tsx';
import { notify } from '../../elements/notify.ts';
import { Panel } from '../../elements/panel.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { TemplatePanel } from './invitation-template.tsx';
import { Section } from './section.tsx';

/** What invitations are like: how long they are open, where they lead, what their mail says. */
export default function InvitationSettings() {
  const { id: environmentId, crosswalk } = useEnvironment();
  const settings = useQuery({
    queryKey: [environmentId, 'invitation-settings'],
    queryFn: ({ signal }) => crosswalk.invitation.getSettings({ signal }),
  });
  return (
    <Section
      about="How the invitations of this environment are sent. Those that are on their way keep what they were sent with."
      example={exampleOfReading('/api/v1/invitation-settings', 'crosswalk.invitation.getSettings()')}
      query={settings}
    >
      {(found) => (
        <Stack>
          <SettingsForm key={`form ${found.version}`} settings={found} />
          <TemplatePanel settings={found} />
        </Stack>
      )}
    </Section>
  );
}

function SettingsForm({ settings }: { settings: Settings }) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const [url, setUrl] = useState(settings.application_url ?? '');
  const [days, setDays] = useState<string | number>(settings.invitation_days);
  const [sender, setSender] = useState(settings.sender_name ?? '');
  const [locale, setLocale] = useState(settings.locale);
  const save = useMutation({
    mutationFn: () =>
      crosswalk.invitation.updateSettings(
        {
          application_url: orNull(url),
          invitation_days: typeof days === 'number' ? days : null,
          sender_name: orNull(sender),
          locale: orNull(locale),
        },
        { ifMatch: settings.version },
      ),
    onSuccess: (saved) => {
      queries.setQueryData([environmentId, 'invitation-settings'], saved);
      notify('Settings saved.');
    },
  });
  return (
    <Panel title="Invitations">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="sm">
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label="Address of your application"
              description="Where people go when they have accepted."
              type="url"
              placeholder="https://app.example.com/welcome"
              maxLength={2048}
              value={url}
              onChange={(event) => setUrl(event.currentTarget.value)}
            />
            <NumberInput
              label="Open for days"
              description="Unless an invitation says otherwise."
              min={1}
              max={365}
              clampBehavior="strict"
              allowDecimal={false}
              value={days}
              onChange={setDays}
            />
            <TextInput
              label="Name of the sender"
              description="Empty: that of MAIL_FROM."
              maxLength={100}
              value={sender}
              onChange={(event) => setSender(event.currentTarget.value)}
            />
            <TextInput
              label="Language"
              description="Of mails to people whose own is not known, such as en or pt-BR."
              maxLength={35}
              value={locale}
              onChange={(event) => setLocale(event.currentTarget.value)}
            />
          </SimpleGrid>
          {save.error !== null && <Failure title="Not saved" error={save.error} />}
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending}>
              Save settings
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

function orNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}
