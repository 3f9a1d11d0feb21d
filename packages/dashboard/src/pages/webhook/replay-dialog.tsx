import { Group, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { counted } from '../../elements/figure.ts';
import { FormDialog } from '../../elements/form-dialog.tsx';
import { notify } from '../../elements/notify.ts';
import { useEnvironment } from '../../session/environment.ts';
import { useRefreshWebhooks } from '../../webhooks/use-endpoint.ts';

/** Sends many events again: what was given up, or all of a span of time. */
export function ReplayDialog({ id, what, onClose }: { id: string; what: 'failed' | 'span'; onClose: () => void }) {
  const { crosswalk } = useEnvironment();
  const refresh = useRefreshWebhooks();
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const isBackwards = from !== '' && to !== '' && from >= to;
  const replay = async () => {
    const span = { from: new Date(from), ...(to === '' ? {} : { to: new Date(to) }) };
    const count = await crosswalk.webhookEndpoint.replay(id, what === 'failed' ? { failed: true } : span);
    await refresh();
    notify(`${counted(count, 'events')} will be sent again.`);
  };
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={what === 'failed' ? 'Replay all that was given up' : 'Replay a span of time'}
      action="Replay"
      failed="Not replayed"
      incomplete={what === 'span' && (from === '' || isBackwards)}
      onSubmit={replay}
    >
      <Text size="sm">
        {what === 'failed'
          ? 'Every event that was given up is sent again, with the same webhook-id, in order per record.'
          : 'Every event of that time which the endpoint wants is sent, whether it was before or not. Receivers tell a repetition by its webhook-id.'}
      </Text>
      {what === 'span' && (
        <Group grow>
          <TextInput
            type="datetime-local"
            label="From"
            required
            withAsterisk={false}
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <TextInput
            type="datetime-local"
            label="To"
            description="Empty: now"
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
            error={isBackwards ? 'The end is before the beginning.' : undefined}
          />
        </Group>
      )}
    </FormDialog>
  );
}
