export { refuseOverHttp1 } from './grpc/http1.ts';
export { createScalekitSurface, type ScalekitSurface } from './surface.ts';
