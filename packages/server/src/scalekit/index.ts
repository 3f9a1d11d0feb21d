export { createScalekitSurface, type ScalekitSurface } from './surface.ts';
