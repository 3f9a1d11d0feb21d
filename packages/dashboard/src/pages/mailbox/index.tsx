import type { Message, MessageState } from '@crosswalk/sdk';
import { Badge, Group, NativeSelect, Text, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { useGrowingList } from '../../data/growing-list.ts';
import { textOf, useAddress } from '../../data/location.ts';
import { exampleOfReading, quoted, withQuery } from '../../elements/client-code.ts';
import { CodeExample } from '../../elements/code-example.tsx';
import { Copyable } from '../../elements/copyable.tsx';
import { Dialog } from '../../elements/dialog.tsx';
import { Empty } from '../../elements/empty.tsx';
import { Facts } from '../../elements/facts.tsx';
import { Mail } from '../../elements/mail.tsx';
import { PageHeader } from '../../elements/page-header.tsx';
import { PageLink } from '../../elements/page-link.tsx';
import { Plain } from '../../elements/plain.tsx';
import { ExactTime, RelativeTime } from '../../elements/relative-time.tsx';
import { GrowingTable, type SimpleColumn } from '../../elements/simple-table.tsx';
import { Total } from '../../elements/total.tsx';
import { keysetPage } from '../../records/kind.ts';
import { useEnvironment } from '../../session/environment.ts';
import classes from './mailbox.module.css';

/** The states of a message, as people say them. */
const states = {
  KEPT: { label: 'Kept here', color: 'blue' },
  QUEUED: { label: 'Queued', color: 'yellow' },
  SENT: { label: 'Sent', color: 'teal' },
  FAILED: { label: 'Given up', color: 'red' },
  DROPPED: { label: 'Not needed', color: 'gray' },
} as const;

/** The mails of the last 30 days: whether they arrived, and without a mail server what they say. */
export default function MailboxPage() {
  const { mayEdit } = useEnvironment();
  if (mayEdit) return <Mailbox />;
  return (
    <>
      <PageHeader title="Mailbox" />
      <Empty
        icon="lock"
        title="Editors and admins read mails"
        text="Whoever reads an invitation can accept it. Ask an admin for the role of an editor."
      />
    </>
  );
}

function Mailbox() {
  const { id: environmentId, crosswalk } = useEnvironment();
  const [address, setAddress] = useAddress();
  const state = stateOf(textOf(address, 'state'));
  const [opened, setOpened] = useState<Message>();
  const list = useGrowingList([environmentId, 'mailbox', state], async (page, signal) => {
    const answer = await crosswalk.mailbox.list({ ...page, ...(state === '' ? {} : { state }) }, { signal });
    return keysetPage(answer.messages, answer);
  });
  return (
    <>
      <PageHeader title="Mailbox" description={<Total total={list.total} noun="messages" />}>
        <CodeExample
          example={exampleOfReading(
            withQuery('/api/v1/mailbox', { state }),
            `crosswalk.mailbox.list(${state === '' ? '' : `{ state: ${quoted(state)} }`})`,
          )}
        />
      </PageHeader>
      <Group mb="sm">
        <NativeSelect
          aria-label="State"
          data={[{ value: '', label: 'Any state' }, ...Object.entries(states).map(([value, { label }]) => ({ value, label }))]}
          value={state}
          onChange={(event) => setAddress({ state: event.currentTarget.value })}
        />
      </Group>
      <GrowingTable
        label="Messages"
        list={list}
        columns={columnsOf(setOpened)}
        keyOf={({ id }) => id}
        empty={
          <Empty
            icon="mailbox"
            title={state === '' ? 'No mail in the last 30 days' : 'None in this state'}
            text="Invitations are sent by mail. Without a mail server (SMTP_URL) they are kept here instead, to be read and tried out."
          />
        }
      />
      <Dialog opened={opened !== undefined} onClose={() => setOpened(undefined)} title="Message" size="lg">
        {opened !== undefined && <Opened message={opened} />}
      </Dialog>
    </>
  );
}

function columnsOf(open: (message: Message) => void): SimpleColumn<Message>[] {
  return [
    {
      title: 'Subject',
      render: (message) => (
        <UnstyledButton className={classes.subject} onClick={() => open(message)} aria-haspopup="dialog">
          <Plain text={message.subject ?? 'Not written yet'} />
        </UnstyledButton>
      ),
    },
    { title: 'To', render: ({ to }) => <Plain text={to} mark /> },
    { title: 'State', render: ({ state }) => <State state={state} /> },
    { title: 'Asked for', render: ({ created_at: time }) => <RelativeTime time={time} /> },
  ];
}

/** What is known of a message, and what it says where it is kept. */
function Opened({ message }: { message: Message }) {
  const { state, last_error: error, next_attempt_at: next, sent_at: sent } = message;
  return (
    <>
      <Facts
        facts={[
          ...(message.subject === null ? [] : [{ name: 'Subject', value: <Plain text={message.subject} /> }]),
          {
            name: 'To',
            value: (
              <PageLink to={`/users/${message.user_id}`}>
                <Plain text={message.to} mark />
              </PageLink>
            ),
          },
          { name: 'State', value: <State state={state} /> },
          ...(sent === null ? [] : [{ name: 'Sent', value: <ExactTime time={sent} /> }]),
          ...(message.attempts === 0 ? [] : [{ name: 'Attempts', value: message.attempts }]),
          ...(next === null ? [] : [{ name: 'Next attempt', value: <ExactTime time={next} /> }]),
          ...(error === null ? [] : [{ name: 'Last error', value: <Plain text={error} /> }]),
          { name: 'Asked for', value: <ExactTime time={message.created_at} /> },
          { name: 'ID', value: <Copyable text={message.id} label="message ID" /> },
        ]}
      />
      {message.text === null ? (
        <Text size="sm" c="dimmed" mt="sm">
          {state === 'FAILED'
            ? 'When the cause is gone, resend the invitation: a new mail with a new link is sent.'
            : 'What it says is kept only where there is no mail server.'}
        </Text>
      ) : (
        <div className={classes.mail}>
          <Mail text={message.text} html={message.html} />
        </div>
      )}
    </>
  );
}

function State({ state }: { state: MessageState }) {
  return (
    <Badge color={states[state].color} c="var(--mantine-color-text)">
      {states[state].label}
    </Badge>
  );
}

function stateOf(text: string): MessageState | '' {
  return text === 'KEPT' || text === 'QUEUED' || text === 'SENT' || text === 'FAILED' || text === 'DROPPED' ? text : '';
}
