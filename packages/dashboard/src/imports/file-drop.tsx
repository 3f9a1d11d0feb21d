import { Text } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../elements/icon.tsx';
import classes from './imports.module.css';

/** A place to drop a file, which is also the button that chooses one. */
export function FileDrop({ label, hint, onFile }: { label: string; hint: string; onFile: (file: File) => void }) {
  const [isOver, setOver] = useState(false);
  return (
    <label
      className={classes.drop}
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const [file] = event.dataTransfer.files;
        if (file !== undefined) onFile(file);
      }}
    >
      <Icon name="import" size={26} />
      <Text fw={600} c="var(--mantine-color-text)">
        {label}
      </Text>
      <span>{hint}</span>
      <input
        type="file"
        className={classes.file}
        accept=".csv,.tsv,.txt,.ndjson,.jsonl,text/csv,application/x-ndjson"
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          // The same file can be chosen again, after it was mended.
          event.currentTarget.value = '';
          if (file !== undefined) onFile(file);
        }}
      />
    </label>
  );
}
