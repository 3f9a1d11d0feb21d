export { eventOf, type NewEvent, publicId, type RecordKind } from './event.ts';
export { appendEvents } from './event-store.ts';
