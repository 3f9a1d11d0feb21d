import { Button, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';

interface Span {
  /** RFC 3339; empty for no end */
  from: string;
  to: string;
}

/** A span of time by its ends, in the time zone of the browser. */
export default function SpanForm({ from, to, onChange }: Span & { onChange: (span: Span) => void }) {
  const [draft, setDraft] = useState({ from: localOf(from), to: localOf(to) });
  const isBackwards = draft.from !== '' && draft.to !== '' && draft.from >= draft.to;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isBackwards) return;
        onChange({ from: momentOf(draft.from), to: momentOf(draft.to) });
      }}
    >
      <Stack gap="sm">
        <TextInput
          type="datetime-local"
          label="From"
          value={draft.from}
          onChange={(event) => setDraft({ ...draft, from: event.currentTarget.value })}
          autoFocus
        />
        <TextInput
          type="datetime-local"
          label="To"
          description="Without an end new events are shown as they come."
          value={draft.to}
          onChange={(event) => setDraft({ ...draft, to: event.currentTarget.value })}
          error={isBackwards ? 'The end is before the beginning.' : undefined}
        />
        <Button type="submit">Show</Button>
      </Stack>
    </form>
  );
}

/** A moment as the field of a form has it, in the time zone of the browser; empty for none. */
function localOf(text: string): string {
  const time = new Date(text);
  if (text === '' || Number.isNaN(time.getTime())) return '';
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The moment that the field of a form names, so that it is the same wherever the address is opened. */
function momentOf(local: string): string {
  return local === '' ? '' : new Date(local).toISOString();
}
