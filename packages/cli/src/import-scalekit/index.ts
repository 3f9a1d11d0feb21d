export { addImportScalekit } from './command.ts';
