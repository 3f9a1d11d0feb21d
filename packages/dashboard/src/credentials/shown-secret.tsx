import { Button, Group, Stack, Text } from '@mantine/core';
import { CodeBlock } from '../elements/code-block.tsx';
import { Copyable } from '../elements/copyable.tsx';
import { Dialog } from '../elements/dialog.tsx';
import { envBlock } from './env-block.ts';

/** A secret that was just made, of a client. */
export interface NewSecret {
  clientId: string;
  secret: string;
}

/** Shows a new secret for the one time that it is known. Neither a click beside it nor a key that is pressed too fast closes it. */
export function ShownSecret({ made, onClose }: { made: NewSecret; onClose: () => void }) {
  return (
    <Dialog opened onClose={onClose} title="The new secret" size="lg" closeOnClickOutside={false} closeOnEscape={false}>
      <Stack>
        <Text size="sm">Copy it now: it is kept as a hash, and nobody can show it again.</Text>
        <Copyable text={made.secret} label="secret" />
        <Text size="sm">For a file .env, as the SDK and the command line read it:</Text>
        <CodeBlock code={envBlock(made.clientId, made.secret)} label="Lines of a file .env" isFirst />
        <Group justify="flex-end">
          <Button onClick={onClose}>I have copied it</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
