import { type CSSVariablesResolver, createTheme } from '@mantine/core';

/** One accent colour, small radii, a dense scale: the dashboard is a tool that is looked at all day. */
export const theme = createTheme({
  primaryColor: 'blue',
  // The lightest shade on which white text has a contrast of 4.5 to 1.
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: 'sm',
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '1.25rem', lineHeight: '1.75rem' }, h2: { fontSize: '1rem', lineHeight: '1.5rem' } },
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm' } },
    Modal: {
      defaultProps: {
        centered: true,
        closeButtonProps: { 'aria-label': 'Close' },
        styles: { title: { fontWeight: 600 } },
        overlayProps: { backgroundOpacity: 0.4 },
      },
    },
    Drawer: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    Badge: { defaultProps: { tt: 'none', fw: 500, radius: 'sm', variant: 'light', miw: 'fit-content' } },
  },
});

/** Text that steps back still has a contrast of 4.5 to 1 on every background here: the library's own does not. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#545b64',
    '--mantine-color-placeholder': '#697079',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-anchor': '#1862ab',
    '--crosswalk-surface': '#f7f8f9',
    '--crosswalk-line': '#e4e7ea',
    '--crosswalk-hover': '#f1f3f5',
    '--crosswalk-accent-soft': '#e7f2fc',
    '--crosswalk-added': '#e3f6e8',
    '--crosswalk-removed': '#fdeaea',
    '--crosswalk-number': '#1862ab',
    '--crosswalk-word': '#8a3ca8',
  },
  dark: {
    '--mantine-color-body': '#16181b',
    '--mantine-color-dimmed': '#a5abb3',
    '--mantine-color-placeholder': '#959ba3',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-anchor': '#74b9f5',
    '--crosswalk-surface': '#1b1e22',
    '--crosswalk-line': '#2c3036',
    '--crosswalk-hover': '#22262b',
    '--crosswalk-accent-soft': '#1b2d40',
    '--crosswalk-added': '#16301f',
    '--crosswalk-removed': '#3a1f21',
    '--crosswalk-number': '#74b9f5',
    '--crosswalk-word': '#d8a3ec',
  },
});
