/** Drawings of the dashboard on a grid of 24, one path each; drawn in the colour of the text around them. */
const drawings = {
  overview: 'M4 13h6V4H4zm0 7h6v-4H4zm10 0h6v-9h-6zm0-16v4h6V4z',
  organization: 'M4 20V5l8-2v17m0-11h8v11M3 20h18M7.500 8h1m-1 4h1m-1 4h1m7-3h1m-1 4h1',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-8 8.500c.600-4 4-6 8-6s7.400 2 8 6',
  invitation: 'M3 6h18v12H3zm0 1 9 7 9-7',
  mailbox: 'M3 13h5l1.500 3h5L16 13h5M3 13l3-8h12l3 8v6H3z',
  import: 'M12 3v12m-5-5 5 5 5-5M4 20h16',
  export: 'M12 15V3M7 8l5-5 5 5M4 20h16',
  reconcile: 'M4 8h14l-4-4m6 12H6l4 4',
  rekey: 'M8 20a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm2.800-6.800L20 4m-5 5 3 3',
  event: 'M4 6h16M4 12h16M4 18h10',
  webhook: 'M13 3 5 14h6l-1 7 8-11h-6z',
  settings:
    'M4 7h9m5 0h2M4 17h2m5 0h9M15.500 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zm-7 10a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  search: 'M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM20 20l-4.700-4.700',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'm5 12.500 4.500 4.500L19 7.500',
  plus: 'M12 5v14M5 12h14',
  cross: 'M6 6l12 12M18 6 6 18',
  pencil: 'm4 20 .800-4L16.500 4.300l3.200 3.200L8 19.200zM14.500 6.500l3 3',
  trash: 'M4 7h16M9 7V4h6v3M6.500 7l1 13h9l1-13M10 11v5m4-5v5',
  more: 'M5 12h.010M12 12h.010M19 12h.010',
  link: 'M14 4h6v6m0-6-9 9m-1-8H5v14h14v-5',
  code: 'm8 7-5 5 5 5m8-10 5 5-5 5',
  metadata: 'M9 4c-2 0-3 1-3 3v2c0 2-1 3-2 3 1 0 2 1 2 3v2c0 2 1 3 3 3m6-16c2 0 3 1 3 3v2c0 2 1 3 2 3-1 0-2 1-2 3v2c0 2-1 3-3 3',
  history: 'M4 12a8 8 0 1 0 2.500-5.800L4 8.500M4 4v4.500h4.500M12 8v4.500l3 2',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm0-13v2m0 14v2M3 12h2m14 0h2M5.600 5.600 7 7m10 10 1.400 1.400m0-12.800L17 7M7 17l-1.400 1.400',
  moon: 'M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z',
  keyboard: 'M3 6h18v12H3zm4 4h.010M12 10h.010M17 10h.010M8 14h8',
  down: 'm6 9 6 6 6-6',
  right: 'm9 6 6 6-6 6',
  warning: 'M12 4 2.500 20h19zm0 6v5m0 2.500v.010',
  columns: 'M4 5h16v14H4zm5.300 0v14m5.400-14v14',
  filter: 'M4 6h16M7 12h10M10.500 18h3',
  revert: 'M4 9h10a6 6 0 0 1 0 12H8M4 9l4-4M4 9l4 4',
  lock: 'M5 11h14v9H5zm3 0V8a4 4 0 0 1 8 0v3',
  out: 'M10 4H5v16h5m4-12 4 4-4 4m4-4H9',
} as const;

/** The name of a drawing. */
export type IconName = keyof typeof drawings;

/** A drawing beside a text, which says what it means: it is hidden from screen readers. `size` is in pixels, 16 unless told. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      style={{ flex: 'none' }}
    >
      <path d={drawings[name]} />
    </svg>
  );
}
