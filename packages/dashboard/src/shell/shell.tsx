import { ActionIcon, AppShell, Burger, Group, Kbd, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { useDisclosure, useHotkeys, useMediaQuery } from '@mantine/hooks';
import { useLocation } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import { Icon } from '../elements/icon.tsx';
import { isDialogOpen } from '../elements/open-dialogs.ts';
import { useKeys } from '../elements/use-keys.ts';
import { Finder } from '../search/finder.tsx';
import { AccountMenu } from './account-menu.tsx';
import { EnvironmentSwitcher } from './environment-switcher.tsx';
import { Navigation } from './navigation-list.tsx';
import classes from './shell.module.css';
import { Shortcuts, useGoKeys } from './shortcuts.tsx';

/** Where the navigation is a menu: the library's breakpoint `sm`, which does not count its own width. */
const belowNavigation = '(max-width: 47.99em)';

/** What is around every page: the search, the environment, the navigation, the account; and the keys that work everywhere. */
export function Shell({ children }: { children: ReactNode }) {
  const [menu, { toggle: toggleMenu, close: closeMenu }] = useDisclosure();
  const [finder, { open: openFinder, close: closeFinder }] = useDisclosure();
  const [help, { open: openHelp, close: closeHelp }] = useDisclosure();
  const narrow = useMediaQuery(belowNavigation, undefined, { getInitialValueInEffect: false });
  const burger = useRef<HTMLButtonElement>(null);
  const { pathname } = useLocation();
  // The menu of a phone covers the page, so it closes when another comes.
  useEffect(closeMenu, [pathname]);
  useHotkeys(
    [
      [
        'Escape',
        () => {
          if (!menu || isDialogOpen()) return;
          closeMenu();
          burger.current?.focus();
        },
        { preventDefault: false },
      ],
    ],
    [],
  );
  useGoKeys();
  useKeys([['mod+K', openFinder]], []);
  useKeys([['shift+?', openHelp]]);
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !menu } }}
      padding={{ base: 'md', sm: 'lg' }}
      transitionDuration={0}
    >
      <a className={classes.skip} href="#content">
        Skip to the page
      </a>
      <AppShell.Header className={classes.header}>
        <Burger ref={burger} hiddenFrom="sm" size="sm" opened={menu} onClick={toggleMenu} aria-label="Navigation" aria-expanded={menu} />
        <Group gap={8} visibleFrom="sm" className={classes.brand}>
          <img src="/dashboard/icon.svg" alt="" width={22} height={22} />
          <Text fw={600}>Crosswalk</Text>
        </Group>
        <UnstyledButton className={classes.search} onClick={openFinder} aria-keyshortcuts="Control+K">
          <Icon name="search" />
          <span className={classes.searchText}>Find any ID, email, name or value</span>
          <Kbd visibleFrom="sm" size="xs">
            Ctrl K
          </Kbd>
        </UnstyledButton>
        <Tooltip label="Keyboard shortcuts">
          <ActionIcon variant="subtle" color="gray" size="lg" onClick={openHelp} aria-label="Keyboard shortcuts" visibleFrom="sm">
            <Icon name="keyboard" size={18} />
          </ActionIcon>
        </Tooltip>
        <AccountMenu />
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} aria-label="Pages" inert={narrow === true && !menu}>
        <EnvironmentSwitcher />
        <Navigation />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes.main}>
        {children}
      </AppShell.Main>
      {finder && <Finder onClose={closeFinder} />}
      <Shortcuts opened={help} onClose={closeHelp} />
    </AppShell>
  );
}
