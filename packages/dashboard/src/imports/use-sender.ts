import type { Import, MappingOptions } from '@crosswalk/sdk';
import { useEffect, useRef, useState } from 'react';
import { useEnvironment } from '../session/environment.ts';
import { leftOutOf } from './left-out.ts';
import { type Prepared, prepare } from './prepare.ts';
import { rememberImport } from './remembered.ts';
import type { ImportChoices } from './settings-form.tsx';
import type { SourceFile } from './source-file.ts';

/** Where the sending of a file is. */
export type Sending = { step: 'reading'; read: number; size: number } | { step: 'sending'; size: number };

/** Sends a file as often as it is wanted; what is sent is made once for a mapping. */
export interface Sender {
  /** undefined: nothing is under way */
  sending: Sending | undefined;
  /** Sends it. Rejects with what went wrong, or what `stop` says. */
  send: (isDryRun: boolean) => Promise<{ job: Import; prepared: Prepared }>;
  stop: () => void;
}

/** How often the screen tells how much was read. Bytes. */
const step = 4 * 1024 * 1024;

export function useSender(source: SourceFile, mapping: MappingOptions | undefined, choices: ImportChoices): Sender {
  const { crosswalk } = useEnvironment();
  const [sending, setSending] = useState<Sending>();
  const made = useRef<{ source: SourceFile; key: string; prepared: Prepared }>(undefined);
  const stopped = useRef<AbortController>(undefined);
  // Who leaves the page does not send.
  useEffect(() => () => stopped.current?.abort(), []);

  const prepared = async (signal: AbortSignal): Promise<Prepared> => {
    const key = JSON.stringify(mapping, (_name, value: unknown) => (value instanceof RegExp ? value.source : value)) ?? '';
    if (made.current?.source === source && made.current.key === key) return made.current.prepared;
    let read = 0;
    let shown = 0;
    setSending({ step: 'reading', read, size: source.file.size });
    const onRead = (bytes: number) => {
      read += bytes;
      if (read - shown < step) return;
      shown = read;
      setSending({ step: 'reading', read, size: source.file.size });
    };
    const result = await prepare(source, mapping, { onRead, signal });
    made.current = { source, key, prepared: result };
    return result;
  };

  const send = async (isDryRun: boolean) => {
    const stop = new AbortController();
    stopped.current = stop;
    try {
      const ready = await prepared(stop.signal);
      const file = isDryRun ? (ready.beginning ?? ready.file) : ready.file;
      setSending({ step: 'sending', size: file.size });
      const settings = { ...choices, format: ready.format, dry_run: isDryRun, ...(isDryRun ? { atomic: false } : {}) };
      const job = await crosswalk.imports.create(file, settings, { signal: stop.signal });
      rememberImport({
        id: job.id,
        name: source.name,
        rowsPerRecord: ready.conversion?.mapping?.rowsPerRecord ?? 1,
        leftOut: leftOutOf(ready.conversion),
      });
      return { job, prepared: ready };
    } finally {
      stopped.current = undefined;
      setSending(undefined);
    }
  };
  return { sending, send, stop: () => stopped.current?.abort() };
}
