import { type ComponentType, type JSX, use, useEffect, useReducer } from 'react';
import { Failure } from './failure.tsx';

/** A component whose code is loaded when it is first shown; `preload` begins earlier, and never fails. */
type Later<Props> = ((props: Props) => JSX.Element) & { preload: () => Promise<void> };

/**
 * A component whose code comes when it is first shown, under a `Suspense`. Code that cannot be loaded, as the server is down or another
 * version of it has other files, breaks nothing around it: in its place is said so, with a button that tries again.
 */
export function later<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>): Later<Props> {
  /** undefined before it is asked for; comes to undefined when it could not be loaded */
  let code: Promise<ComponentType<Props> | undefined> | undefined;
  let hasFailed = false;
  const ask = () => {
    hasFailed = false;
    code = load().then(
      (module) => module.default,
      () => {
        hasFailed = true;
        return undefined;
      },
    );
    return code;
  };
  const forget = () => {
    if (hasFailed) code = undefined;
  };
  const Shown = (props: Props) => {
    const [, draw] = useReducer((times: number) => times + 1, 0);
    const Code = use(code ?? ask());
    if (Code !== undefined) return <Code {...props} />;
    return <NotLoaded ask={ask} onAnswer={draw} onLeave={forget} />;
  };
  return Object.assign(Shown, {
    preload: async () => {
      await (code === undefined || hasFailed ? ask() : code);
    },
  });
}

interface NotLoadedProps {
  /** asks for the code again; undefined when it does not come */
  ask: () => Promise<object | undefined>;
  onAnswer: () => void;
  /** It is not shown any more: who comes back has the code asked for again. */
  onLeave: () => void;
}

function NotLoaded({ ask, onAnswer, onLeave }: NotLoadedProps) {
  useEffect(() => onLeave, []);
  const askAgain = async () => {
    restoreStyles();
    // A server that answers without this file has others: the whole dashboard comes anew.
    if ((await ask()) === undefined && (await doesAnswer())) window.location.reload();
    onAnswer();
  };
  return (
    // In sight, also where it stands for a dialog at the end of a long page.
    <div style={{ position: 'sticky', bottom: 12, zIndex: 2 }}>
      <Failure title="This could not be loaded" error={notLoaded} onRetry={() => void askAgain()} />
    </div>
  );
}

const notLoaded = new Error('The server does not answer, or was updated. What is on the page stays.');

/** Style sheets that did not come are asked for again: the loader of code asks for each but once. */
function restoreStyles(): void {
  for (const link of document.querySelectorAll<HTMLLinkElement>('link[rel=stylesheet]')) {
    if (link.sheet === null) link.replaceWith(link.cloneNode());
  }
}

function doesAnswer(): Promise<boolean> {
  return fetch('/dashboard/', { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  );
}
