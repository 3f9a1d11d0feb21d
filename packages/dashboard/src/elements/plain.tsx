import { Badge, Tooltip } from '@mantine/core';
import classes from './plain.module.css';

/** Characters that are not seen, or change what is seen around them. Joiners stay: scripts and emoji need them. */
const unseen = /([\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0001}\ufff9-\ufffb])/u;
/** Scripts whose letters are drawn like those of another. */
const scripts = { Latin: /\p{Script=Latin}/u, Cyrillic: /\p{Script=Cyrillic}/u, Greek: /\p{Script=Greek}/u };

/** The scripts of a text, when it mixes some whose letters look alike: "Аpple" with a Cyrillic A. Empty otherwise. */
export function mixedScripts(text: string): string[] {
  const found = Object.entries(scripts).flatMap(([name, letters]) => (letters.test(text) ? [name] : []));
  return found.length > 1 ? found : [];
}

/**
 * A text from outside, as text: whatever it contains neither reorders what stands beside it nor hides. Unseen characters are shown by
 * their number, an empty text as such. With `mark` a mixture of scripts that look alike is pointed out: for IDs and names.
 */
export function Plain({ text, mark = false }: { text: string; mark?: boolean }) {
  const mixed = mark ? mixedScripts(text) : [];
  return (
    <>
      <bdi>{text.trim() === '' ? <Blank text={text} /> : <Visible text={text} />}</bdi>
      {mixed.length > 0 && (
        <Tooltip label={`Letters of ${mixed.join(' and ')} that look alike: this may not be what it seems.`}>
          <Badge component="span" color="orange" c="var(--mantine-color-text)" size="xs" ml={6}>
            mixed scripts
          </Badge>
        </Tooltip>
      )}
    </>
  );
}

function Visible({ text }: { text: string }) {
  if (!unseen.test(text)) return text;
  return text.split(unseen).map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      <span key={index} className={classes.unseen} title="A character that is not seen">
        {codePoint(part)}
      </span>
    ),
  );
}

function Blank({ text }: { text: string }) {
  return <span className={classes.unseen}>{text === '' ? 'empty' : `white space: ${[...text].map(codePoint).join(' ')}`}</span>;
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
