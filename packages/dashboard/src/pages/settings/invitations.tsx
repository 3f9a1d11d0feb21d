import type { InvitationSettings as Settings } from '@crosswalk/sdk';
import { Button, Group, NumberInput, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { exampleOfReading } from '../../elements/client-code.ts';
import { Failure } from '../../elements/failure.tsx';
import { notify } from '../../elements/notify.ts';
import { Panel } from '../../elements/panel.tsx';
import { useUnsaved } from '../../elements/unsaved.ts';
import { useEnvironment } from '../../session/environment.ts';
import { isSame, versionFor } from './invitation-draft.ts';
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
          <SettingsForm settings={found} />
          <TemplatePanel settings={found} />
        </Stack>
      )}
    </Section>
  );
}

/** The settings as they are typed. */
interface Draft {
  url: string;
  days: string | number;
  sender: string;
  locale: string;
}

function draftOf({ application_url: url, invitation_days: days, sender_name: sender, locale }: Settings): Draft {
  return { url: url ?? '', days, sender: sender ?? '', locale };
}

function SettingsForm({ settings }: { settings: Settings }) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  // What is typed, over the settings as they were when typing began: they are read again meanwhile.
  const [{ base, draft }, setTyped] = useState<{ base?: Settings; draft?: Draft }>({});
  const { url, days, sender, locale } = draft ?? draftOf(settings);
  const change = (changes: Partial<Draft>) => setTyped({ base: base ?? settings, draft: { url, days, sender, locale, ...changes } });
  const reset = () => setTyped({});
  const hasChanges = () => draft !== undefined && !isSame(draft, draftOf(base ?? settings));
  useUnsaved(hasChanges);
  const save = useMutation({
    mutationFn: () =>
      crosswalk.invitation.updateSettings(
        {
          application_url: orNull(url),
          invitation_days: typeof days === 'number' ? days : null,
          sender_name: orNull(sender),
          locale: orNull(locale),
        },
        { ifMatch: versionFor(settings, base, draftOf) },
      ),
    onSuccess: (saved) => {
      queries.setQueryData([environmentId, 'invitation-settings'], saved);
      reset();
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
              value={url}
              onChange={(event) => change({ url: event.currentTarget.value })}
            />
            <NumberInput
              label="Open for days"
              description="Unless an invitation says otherwise."
              min={1}
              max={365}
              clampBehavior="strict"
              allowDecimal={false}
              value={days}
              onChange={(value) => change({ days: value })}
            />
            <TextInput
              label="Name of the sender"
              description="Empty: that of MAIL_FROM."
              value={sender}
              onChange={(event) => change({ sender: event.currentTarget.value })}
            />
            <TextInput
              label="Language"
              description="Of mails to people whose own is not known, such as en or pt-BR."
              value={locale}
              onChange={(event) => change({ locale: event.currentTarget.value })}
            />
          </SimpleGrid>
          {save.error !== null && (
            <Failure
              title="Not saved"
              error={save.error}
              onCurrent={() => {
                reset();
                save.reset();
              }}
            />
          )}
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
