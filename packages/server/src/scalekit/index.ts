export { createScalekitSurface, type ScalekitServices } from './surface.ts';
