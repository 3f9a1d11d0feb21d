import type { WebhookAttempt } from '@crosswalk/sdk';
import { Group, Stack, Text } from '@mantine/core';
import { CodeBlock } from '../../elements/code-block.tsx';
import { figure } from '../../elements/figure.ts';
import { Plain } from '../../elements/plain.tsx';
import { ExactTime } from '../../elements/relative-time.tsx';
import { State } from '../../elements/state.tsx';

/** One request to an endpoint: when, how long it took, and what came back. */
export function Attempt({
  attempt: { time, duration_ms: duration, response_status: status, response_body: body, error },
}: {
  attempt: WebhookAttempt;
}) {
  return (
    <Stack gap={4}>
      <Group gap="xs">
        <State mood={error === null ? 'good' : 'bad'}>{status === null ? 'No answer' : `HTTP ${status}`}</State>
        <Text size="sm">
          {figure(duration)} ms, <ExactTime time={time} />
        </Text>
      </Group>
      {error !== null && (
        <Text size="sm" c="var(--mantine-color-error)">
          <Plain text={error} />
        </Text>
      )}
      {body !== '' && <CodeBlock code={body} label="Answer" />}
    </Stack>
  );
}
