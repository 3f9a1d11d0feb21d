import { Kbd, Text, VisuallyHidden } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useState } from 'react';
import { useOpen } from '../data/location.ts';
import { Dialog } from '../elements/dialog.tsx';
import { Failure } from '../elements/failure.tsx';
import { Icon, type IconName } from '../elements/icon.tsx';
import { Plain } from '../elements/plain.tsx';
import { useEnvironment } from '../session/environment.ts';
import { entriesFor } from '../shell/navigation.ts';
import classes from './finder.module.css';
import { MatchReason } from './match-reason.tsx';
import { useSearch } from './use-search.ts';

/** Matches in the dialog: as many as are seen without scrolling. The page of the search has more. */
const limit = 8;

interface Choice {
  key: string;
  icon: IconName;
  title: string;
  reason: ReactNode;
  go: () => void;
}

/** Searches everything: takes an ID of any sort, an email, a name or a value, says how each record matched, and opens one by Enter. */
export function Finder({ onClose }: { onClose: () => void }) {
  const open = useOpen();
  const { mayAdminister } = useEnvironment();
  const [typed, setTyped] = useState('');
  const [active, setActive] = useState(0);
  const list = useId();
  // Enter came before the answer to what is typed: the answer is opened then, not what was found for an earlier text.
  const [isEntered, setEntered] = useState(false);
  const { text, found, isCurrent } = useSearch(typed, limit);
  const leave = (page: string, search = {}) => {
    onClose();
    open(page, { search });
  };
  const isPage = (label: string) => text.length > 1 && label.toLowerCase().startsWith(text.toLowerCase());
  const choices: Choice[] = [
    ...(text === '' ? [] : (found.data?.matches ?? [])).map((match) => ({
      key: match.id,
      icon: match.kind,
      title: match.display_name,
      reason: <MatchReason match={match} />,
      go: () => leave(`/${match.kind}s/${match.id}`),
    })),
    ...entriesFor(mayAdminister)
      .filter(({ label }) => isPage(label))
      .map(({ label, to, icon }) => ({ key: to, icon, title: label, reason: 'Page', go: () => leave(to) })),
  ];
  if (found.data !== undefined && found.data.matches.length === limit && text !== '') {
    choices.push({
      key: 'all',
      icon: 'search',
      title: 'Show more',
      reason: 'All that was found, on a page',
      go: () => leave('/search', { q: text }),
    });
  }
  const chosen = isCurrent ? Math.min(active, choices.length - 1) : 0;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') setEntered(true);
    else if (event.key === 'ArrowDown') setActive((chosen + 1) % Math.max(1, choices.length));
    else if (event.key === 'ArrowUp') setActive((chosen - 1 + choices.length) % Math.max(1, choices.length));
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    // Without the braces its promise would be taken for the end of the effect.
    document.getElementById(`${list}-${chosen}`)?.scrollIntoView({ block: 'nearest' });
  }, [list, chosen]);
  useEffect(() => {
    if (!isEntered || !isCurrent) return;
    setEntered(false);
    choices[chosen]?.go();
  });
  const nothing = text !== '' && found.data !== undefined && !found.isPlaceholderData && choices.length === 0;
  return (
    <Dialog
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={600}
      yOffset="12vh"
      centered={false}
      attributes={{ content: { 'aria-label': 'Search everything' } }}
    >
      <div className={classes.field}>
        <Icon name="search" size={18} />
        <input
          className={classes.input}
          role="combobox"
          aria-label="Search everything"
          aria-expanded={choices.length > 0}
          aria-controls={list}
          aria-activedescendant={choices.length > 0 ? `${list}-${chosen}` : undefined}
          aria-autocomplete="list"
          placeholder="ID, email, name or metadata value"
          spellCheck={false}
          autoComplete="off"
          // Whoever presses Ctrl K types on at once, and the dialog gives the focus a moment later: the first letters would be lost.
          autoFocus
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setActive(0);
            setEntered(false);
          }}
          onKeyDown={onKeyDown}
        />
        <Kbd size="xs">Esc</Kbd>
      </div>
      <VisuallyHidden aria-live="polite">{nothing ? 'Nothing found' : text === '' ? '' : `${choices.length} found`}</VisuallyHidden>
      <div className={classes.results}>
        {found.error !== null && text !== '' ? (
          <div className={classes.note}>
            <Failure title="The search failed" error={found.error} onRetry={() => void found.refetch()} />
          </div>
        ) : nothing ? (
          <Text className={classes.note} size="sm" c="dimmed" component="div">
            Nothing has <Plain text={text} />. IDs are found whole or by their beginning, names by any part of three characters, metadata by
            whole values.
          </Text>
        ) : (
          text === '' && (
            <Text className={classes.note} size="sm" c="dimmed" component="div">
              Paste any ID: Crosswalk's own, one of any of your systems, or one the record used to have. An email, a name or a metadata
              value will do as well.
            </Text>
          )
        )}
        <div role="listbox" id={list} aria-label="Found">
          {choices.map(({ key, icon, title, reason, go }, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys go to the field
            // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the active option
            <div
              role="option"
              key={key}
              id={`${list}-${index}`}
              aria-selected={index === chosen}
              className={classes.choice}
              onClick={go}
              onMouseMove={() => index !== chosen && setActive(index)}
            >
              <Icon name={icon} />
              <span className={classes.title}>
                <Plain text={title} mark />
              </span>
              <span className={classes.reason}>{reason}</span>
            </div>
          ))}
        </div>
      </div>
    </Dialog>
  );
}
