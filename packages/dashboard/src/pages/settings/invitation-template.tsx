import type { InvitationTemplate, InvitationSettings as Settings } from '@crosswalk/sdk';
import { Autocomplete, Button, Code, Group, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Confirm } from '../../elements/confirm.tsx';
import { Failure } from '../../elements/failure.tsx';
import { Mail } from '../../elements/mail.tsx';
import { notify } from '../../elements/notify.ts';
import { Panel } from '../../elements/panel.tsx';
import { Plain } from '../../elements/plain.tsx';
import { useUnsaved } from '../../elements/unsaved.ts';
import { useEnvironment } from '../../session/environment.ts';
import { versionFor } from './invitation-draft.ts';

/** What a template may name. */
const variables = ['organization_name', 'invitee_email', 'invitee_name', 'inviter_email', 'sender_name', 'accept_url', 'expires_at'];

/** Languages that have a template of the server's. */
const builtIn = ['en', 'de'];

/** What a template of one's own begins with. */
const beginning: InvitationTemplate = {
  subject: 'Join {{organization_name}}',
  text: 'Hello{{#invitee_name}} {{invitee_name}}{{/invitee_name}},\n\nyou are invited to join {{organization_name}}.\n\n{{accept_url}}\n\nThe invitation is open until {{expires_at}}.\n',
  html: '<p>Hello{{#invitee_name}} {{invitee_name}}{{/invitee_name}},</p>\n<p>you are invited to join {{organization_name}}.</p>\n<p><a href="{{accept_url}}">Accept the invitation</a></p>\n<p>The invitation is open until {{expires_at}}.</p>\n',
};

/** The mail of an invitation in one language: as it is sent, and a template of one's own beside it. */
export function TemplatePanel({ settings }: { settings: Settings }) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const [locale, setLocale] = useState(settings.locale);
  // By language, over the settings as they were when writing began: they are read again meanwhile.
  const [drafts, setDrafts] = useState<ReadonlyMap<string, { base: Settings; template: InvitationTemplate }>>(new Map());
  const [removing, setRemoving] = useState<Settings>();
  const templateOf = ({ templates }: Settings) => (Object.hasOwn(templates, locale) ? templates[locale] : undefined);
  const saved = templateOf(settings);
  const draft = drafts.get(locale);
  const template = draft?.template ?? saved;
  const setDraft = (written: InvitationTemplate) =>
    setDrafts(new Map(drafts).set(locale, { base: draft?.base ?? settings, template: written }));
  const reset = () => setDrafts(new Map([...drafts].filter(([name]) => name !== locale)));
  useUnsaved(() => drafts.size > 0);
  const [previewed] = useDebouncedValue(template, 300);
  const preview = useQuery({
    queryKey: [environmentId, 'invitation-settings', 'preview', locale, previewed ?? null, settings.version],
    queryFn: ({ signal }) =>
      crosswalk.invitation.preview(
        { ...(locale === '' ? {} : { locale }), ...(previewed === undefined ? {} : { template: previewed }) },
        { signal },
      ),
    placeholderData: keepPreviousData,
  });
  const write = async (changed: InvitationTemplate | null, base: Settings | undefined) => {
    const ifMatch = versionFor(settings, base, templateOf);
    const after = await crosswalk.invitation.updateSettings({ templates: { [locale]: changed } }, { ifMatch });
    reset();
    queries.setQueryData([environmentId, 'invitation-settings'], after);
  };
  const save = useMutation({
    mutationFn: (changed: InvitationTemplate) => write(changed, draft?.base),
    onSuccess: () => notify('Template saved.'),
  });
  const change = (changes: Partial<InvitationTemplate>) => {
    if (template !== undefined) setDraft({ ...template, ...changes });
  };
  return (
    <Panel
      title="Mail"
      actions={
        <Autocomplete
          aria-label="Language of the mail"
          size="xs"
          w={120}
          data={[...new Set([...builtIn, ...Object.keys(settings.templates)])]}
          value={locale}
          onChange={(value) => setLocale(value.trim())}
        />
      }
    >
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Stack gap="sm" miw={0}>
          {template === undefined ? (
            <>
              <Text size="sm">
                {builtIn.includes(locale)
                  ? 'Crosswalk has a template in this language. Yours would take its place.'
                  : 'There is no template in this language: mails to its people are in the language of the settings.'}
              </Text>
              <Button variant="default" style={{ alignSelf: 'flex-start' }} onClick={() => setDraft(beginning)}>
                Write a template
              </Button>
            </>
          ) : (
            <form
              onSubmit={(event) => {
                event.preventDefault();
                save.mutate(template);
              }}
            >
              <Stack gap="sm">
                <TextInput
                  label="Subject"
                  required
                  withAsterisk={false}
                  value={template.subject}
                  onChange={(event) => change({ subject: event.currentTarget.value })}
                />
                <Textarea
                  label="Text"
                  required
                  withAsterisk={false}
                  autosize
                  minRows={6}
                  maxRows={16}
                  styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
                  value={template.text}
                  onChange={(event) => change({ text: event.currentTarget.value })}
                />
                <Textarea
                  label="HTML"
                  description="Empty: the mail is plain text."
                  autosize
                  minRows={6}
                  maxRows={16}
                  styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
                  value={template.html ?? ''}
                  onChange={(event) => change({ html: event.currentTarget.value === '' ? null : event.currentTarget.value })}
                />
                <Text size="xs" c="dimmed" component="div">
                  Variables:{' '}
                  {variables.map((name) => (
                    <Code key={name} mr={4}>{`{{${name}}}`}</Code>
                  ))}
                </Text>
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
                <Group justify="flex-end" gap="xs">
                  {saved !== undefined && (
                    <Button variant="default" onClick={() => setRemoving(settings)}>
                      Delete template
                    </Button>
                  )}
                  <Button type="submit" loading={save.isPending} disabled={draft === undefined}>
                    Save template
                  </Button>
                </Group>
              </Stack>
            </form>
          )}
        </Stack>
        <Stack gap="xs" miw={0} aria-label="Preview" component="section">
          {preview.error !== null && <Failure title="There is no preview" error={preview.error} />}
          {preview.data !== undefined && preview.error === null && (
            <>
              <Text size="sm" fw={600}>
                <Plain text={preview.data.subject} />
              </Text>
              <Mail text={preview.data.text} html={preview.data.html} />
            </>
          )}
        </Stack>
      </SimpleGrid>
      {removing !== undefined && (
        <Confirm
          opened
          onClose={() => setRemoving(undefined)}
          title="Delete this template?"
          action="Delete template"
          onConfirm={async () => {
            await write(null, removing);
            notify('Template deleted.');
          }}
        >
          Mails in this language are as they were before you wrote it.
        </Confirm>
      )}
    </Panel>
  );
}
