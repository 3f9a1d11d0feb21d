import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { CodeBlock } from '../elements/code-block.tsx';
import { Dialog } from '../elements/dialog.tsx';
import { Icon } from '../elements/icon.tsx';

/** Shows a secret once, with what a receiver does with it. Neither a click beside it nor a key that is pressed too fast closes it. */
export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog opened onClose={onClose} title="The secret of the endpoint" size="lg" closeOnClickOutside={false} closeOnEscape={false}>
      <Stack>
        <Alert color="orange" icon={<Icon name="lock" />}>
          This is the only time that it is shown. Keep it where your receiver finds it.
        </Alert>
        <CodeBlock code={`CROSSWALK_WEBHOOK_SECRET=${secret}`} label="Secret" isFirst />
        <Text size="sm">The receiver checks each message with it:</Text>
        <CodeBlock code={receiver} label="Receiver in Node" />
        <Group justify="flex-end">
          <Button onClick={onClose}>I have kept it</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

const receiver = `const message = await crosswalk.webhooks.verify(body, request.headers, process.env.CROSSWALK_WEBHOOK_SECRET);`;
