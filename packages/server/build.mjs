import { build } from 'rolldown';

/**
 * Writes the program in a few files: Node finds, reads and links some 1,700 otherwise, a third of the time of a start (docs/decisions/0032). They
 * are two folders below the package, as the source is, so that what code names beside itself is found from either.
 */
await build({
  input: { start: 'src/start.ts', main: 'src/main.ts' },
  platform: 'node',
  // The thread that makes its lines readable begins with a file of its own.
  external: ['pino'],
  output: {
    dir: 'dist',
    sourcemap: true,
    // Node keeps the text of what is loaded, with two bytes for each character if one of them needs two.
    charset: 'ascii',
    comments: { legal: true, annotation: false, jsdoc: false },
    chunkFileNames: 'program/[name].js',
    codeSplitting: {
      groups: [
        // What only a server with SMTP loads.
        { name: 'smtp', test: /\/smtp\.ts$|\/nodemailer\//, priority: 1 },
        { name: 'server', test: (file) => !file.endsWith('/src/start.ts') },
      ],
    },
  },
});
