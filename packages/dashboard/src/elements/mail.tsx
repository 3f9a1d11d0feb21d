import { SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { CodeBlock } from './code-block.tsx';
import { Copyable } from './copyable.tsx';
import classes from './mail.module.css';

interface MailProps {
  text: string;
  /** null: the mail is plain text alone */
  html: string | null;
}

/**
 * What a mail says, as HTML and as text, and its links to copy. The frame runs no script and has no origin, and by the content security
 * policy, which it has from the page, it loads nothing from elsewhere and leads nowhere.
 */
export function Mail({ text, html }: MailProps) {
  const [form, setForm] = useState('html');
  const links = [...new Set(text.match(/https?:\/\/[^\s<>"]+/g) ?? [])];
  const asHtml = html !== null && form === 'html';
  return (
    <Stack gap="sm">
      {links.map((link) => (
        <Text key={link} size="sm" component="div">
          <Copyable text={link} label="link" />
        </Text>
      ))}
      {html !== null && (
        <SegmentedControl
          size="xs"
          aria-label="Form of the mail"
          style={{ alignSelf: 'flex-start' }}
          data={[
            { value: 'html', label: 'HTML' },
            { value: 'text', label: 'Text' },
          ]}
          value={form}
          onChange={setForm}
        />
      )}
      {asHtml ? (
        <iframe className={classes.html} title="The mail as HTML" sandbox="" srcDoc={html} />
      ) : (
        <CodeBlock code={text} label="The mail as text" />
      )}
    </Stack>
  );
}
