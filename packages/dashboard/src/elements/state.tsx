import { Badge } from '@mantine/core';
import type { ReactNode } from 'react';

const colors = { good: 'teal', busy: 'blue', warning: 'orange', bad: 'red', over: 'gray' } as const;

/** The state of something in a word: a dot of a colour, so that the text keeps its contrast in both themes. */
export function State({ mood, children }: { mood: keyof typeof colors; children: ReactNode }) {
  return (
    <Badge variant="dot" color={colors[mood]} component="span">
      {children}
    </Badge>
  );
}
