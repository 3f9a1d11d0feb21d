import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { CodeBlock } from '../elements/code-block.tsx';
import { Icon } from '../elements/icon.tsx';

/** Shows a secret once, with what a receiver does with it. It does not close by a stray click. */
export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="The secret of the endpoint" size="lg" closeOnClickOutside={false}>
      <Stack>
        <Alert color="orange" icon={<Icon name="lock" />}>
          This is the only time that it is shown. Keep it where your receiver finds it.
        </Alert>
        <CodeBlock code={`CROSSWALK_WEBHOOK_SECRET=${secret}`} label="Secret" />
        <Text size="sm">The receiver checks each message with it:</Text>
        <CodeBlock code={receiver} label="Receiver in Node" />
        <Group justify="flex-end">
          <Button onClick={onClose}>I have kept it</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

const receiver = `const message = await crosswalk.webhooks.verify(body, request.headers, process.env.CROSSWALK_WEBHOOK_SECRET);`;
